"""Accounts and the things they share, as objects that know each other."""

WEIGHTS = {"device": 1.0, "card": 0.8, "address": 0.3}


class Identifier:
    """A device, a card or an address."""

    def __init__(self, name, kind):
        self.name = name
        self.kind = kind
        self.accounts = []

    @property
    def weight(self):
        """What everybody uses says little."""
        return WEIGHTS[self.kind] / (len(self.accounts) - 1) ** 0.5 if len(self.accounts) > 1 else 0.0


class Account:
    def __init__(self, name, opened, country, reported, fraud):
        self.name = name
        self.opened = opened
        self.country = country
        self.reported = reported
        self.fraud = fraud
        self.identifiers = []
        self.first_days = {}
        self.transfers = []
        self.risk = 0.0

    def __repr__(self):
        return f"<{self.name}>"

    def link(self, identifier, day):
        if identifier not in self.identifiers:
            self.identifiers.append(identifier)
            identifier.accounts.append(self)
        old = self.first_days.get(identifier.name, day)
        self.first_days[identifier.name] = min(day, old)

    @property
    def neighbours(self):
        """Accounts that share something with this one, each once."""
        result = []
        for identifier in self.identifiers:
            for other in identifier.accounts:
                if other is not self and other not in result:
                    result.append(other)
        return result

    def strength(self, other):
        """How closely two accounts are linked."""
        return sum(i.weight for i in self.identifiers if i in other.identifiers)

    @property
    def turnover(self):
        return sum(amount for amount, _ in self.transfers)

    @property
    def returned_share(self):
        return sum(1 for _, returned in self.transfers if returned) / len(self.transfers) if self.transfers else 0.0


class Network:
    def __init__(self):
        self.accounts = {}
        self.identifiers = {}

    def account(self, name):
        return self.accounts[name]

    def add_link(self, account, kind, name, day):
        if name not in self.identifiers:
            self.identifiers[name] = Identifier(name, kind)
        self.accounts[account].link(self.identifiers[name], day)

    def components(self):
        """Groups of accounts that hang together, the largest first."""
        seen = set()
        groups = []
        for account in self.accounts.values():
            if account.name in seen:
                continue
            seen.add(account.name)
            group, queue = [], [account]
            while queue:
                current = queue.pop(0)
                group.append(current)
                for other in current.neighbours:
                    if other.name not in seen:
                        seen.add(other.name)
                        queue.append(other)
            groups.append(sorted(group, key=lambda a: a.name))
        return sorted(groups, key=lambda g: (-len(g), g[0].name))

    def propagate(self, restart=0.35, rounds=35, tolerance=1e-7):
        """Risk walks from reported accounts along the links."""
        start = {}
        for account in self.accounts.values():
            start[account.name] = 1.0 if account.reported else 0.6 * account.returned_share
            account.risk = start[account.name]
        for round_ in range(1, rounds + 1):
            new = {}
            for account in self.accounts.values():
                total = weight = 0.0
                for other in account.neighbours:
                    w = account.strength(other)
                    total += w * other.risk
                    weight += w
                pulled = total / weight if weight > 0 else 0.0
                new[account.name] = restart * start[account.name] + (1 - restart) * pulled
            change = max(abs(new[name] - account.risk) for name, account in self.accounts.items())
            for name, account in self.accounts.items():
                account.risk = new[name]
            if change < tolerance:
                break
        for account in self.accounts.values():
            account.risk = round(account.risk, 8)  # so that the order does not hang on the last bits
        return round_, change
