"""Similarity of two names, candidate pairs, one-to-one assignment."""


def edit_distance(a, b):
    """Levenshtein distance by the textbook table."""
    rows, cols = len(a) + 1, len(b) + 1
    table = [[0] * cols for _ in range(rows)]
    for i in range(rows):
        table[i][0] = i
    for j in range(cols):
        table[0][j] = j
    for i in range(1, rows):
        for j in range(1, cols):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            table[i][j] = min(
                table[i - 1][j] + 1,  # deletion
                table[i][j - 1] + 1,  # insertion
                table[i - 1][j - 1] + cost,
            )
    return table[-1][-1]


def edit_similarity(a, b):
    longest = max(len(a), len(b))
    if longest == 0:
        return 0.0
    return 1 - edit_distance(a, b) / longest


def token_similarity(left, right):
    a, b = set(left), set(right)
    if not a or not b:
        return 0.0
    return len(a & b) / len(a | b)


def similarity(left, right):
    score = 0.7 * edit_similarity(left.clean, right.clean) + 0.25 * token_similarity(left.tokens, right.tokens)
    if left.city == right.city:
        score += 0.05
    return score


def common_blocks(companies, limit):
    """Block keys that too many companies have: they say nothing."""
    counts = {}
    for company in companies:
        for key in company.blocks:
            counts[key] = counts.get(key, 0) + 1
    return {key for key, count in counts.items() if count > limit}


def candidates(left, right, limit):
    useless = common_blocks(left + right, limit)
    for a in left:
        for b in right:
            shared = a.blocks & b.blocks
            if shared - useless:
                yield a, b


def assign(scored):
    """Best pairs first, every company once."""
    used_left, used_right = [], []
    matches = []
    for score, a, b in sorted(scored, key=lambda s: (-s[0], s[1].id, s[2].id)):
        if a.id in used_left or b.id in used_right:
            continue
        used_left.append(a.id)
        used_right.append(b.id)
        matches.append((score, a, b))
    return matches
