"""Small helpers for text: tokens, stop words, edit distance."""

import re

STOPWORDS = [
    "a", "about", "after", "all", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "but", "by",
    "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "i",
    "if", "in", "into", "is", "it", "its", "just", "me", "more", "my", "no", "not", "now", "of", "on", "or", "our",
    "out", "s", "she", "so", "some", "t", "that", "the", "their", "them", "then", "there", "they", "this", "to", "u",
    "up", "was", "we", "were", "what", "when", "where", "which", "who", "will", "with", "would", "you", "your",
]  # fmt: skip


def clean(text):
    out = ""
    for ch in text.lower():
        if ch.isalnum() or ch == " ":
            out += ch
        else:
            out += " "
    return out


def tokenize(text):
    tokens = []
    for word in clean(text).split():
        if word in STOPWORDS:
            continue
        if re.match(r"^\d+$", word):
            word = "<num>"
        tokens.append(word)
    return tokens


def edit_distance(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        table[i][0] = i
    for j in range(len(b) + 1):
        table[0][j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost)
    return table[len(a)][len(b)]
