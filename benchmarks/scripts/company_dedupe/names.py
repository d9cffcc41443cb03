"""Reading and normalising of company names."""

import csv
import re
import string
from dataclasses import dataclass, field

LEGAL_FORMS = {
    "ltd": "", "limited": "", "gmbh": "", "inc": "", "incorporated": "", "sa": "", "ag": "", "bv": "", "llc": "",
    "corp": "", "corporation": "", "co": "",
}
FILLERS = ["the", "and", "of"]


@dataclass
class Company:
    id: str
    name: str
    city: str
    clean: str = ""
    tokens: list = field(default_factory=list)
    blocks: set = field(default_factory=set)


def normalise(name):
    text = name.lower()
    out = ""
    for char in text:
        if char == "-" or char == "&" or char == "/":
            out += " "
        elif char in string.punctuation:
            continue
        else:
            out += char
    words = []
    for word in re.split(r"\s+", out):
        if word in LEGAL_FORMS:
            word = LEGAL_FORMS[word]
        if word and word not in FILLERS:
            words.append(word)
    return " ".join(words)


def block_keys(tokens):
    """Two names are compared when they have one of these in common."""
    keys = set()
    for token in tokens:
        keys.add("w:" + token)
        if len(token) >= 5:
            keys.add("p:" + token[:4])
    if tokens:
        keys.add("i:" + "".join(t[0] for t in tokens))
    return keys


def load_companies(path):
    companies = []
    with open(path, newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            company = Company(id=row["id"], name=row["name"], city=row["city"])
            company.clean = normalise(company.name)
            company.tokens = company.clean.split()
            company.blocks = block_keys(company.tokens)
            companies.append(company)
    return companies
