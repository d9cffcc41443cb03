"""Reading and tokenising the reviews."""
import re

NEGATIONS = ["not", "no", "never", "n't", "cannot", "without", "nothing", "nor"]
STOPWORDS = ["the", "a", "an", "of", "and", "to", "in", "is", "it", "that", "this", "as", "for", "its", "with", "on",
             "by", "are", "be", "at", "from", "s", "his", "her", "was", "has", "have", "you", "i", "we", "they"]
WORD = re.compile(r"[a-z]+(?:'t)?|[!?]")


def read_reviews(path, limit):
    reviews = []
    with open(path, encoding="latin-1") as f:
        for line in f:
            line = line.strip()
            if line:
                reviews.append(line)
            if len(reviews) == limit:
                break
    return reviews


def tokenize(text):
    """lower-case words; after a negation the next words get the prefix NOT_ up to the next punctuation"""
    tokens = []
    negated = 0
    for chunk in text.lower().split():
        found = WORD.findall(chunk)
        if not found:
            negated = 0
            continue
        for word in found:
            if word in NEGATIONS:
                tokens.append(word)
                negated = 3
            elif word in STOPWORDS:
                continue
            elif negated > 0:
                tokens.append("NOT_" + word)
                negated -= 1
            else:
                tokens.append(word)
    return tokens


def ngrams(tokens, n):
    return ["_".join(tokens[i:i + n]) for i in range(len(tokens) - n + 1)]


def features(text, largest):
    tokens = tokenize(text)
    result = []
    for n in range(1, largest + 1):
        result += ngrams(tokens, n)
    return result
