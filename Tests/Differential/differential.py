#!/usr/bin/env python3
"""Gives the same messages to lbd's parser and to h11, and fails where they differ in a way that
`differences.md` does not explain. Run it by `make fuzz-differential`."""

import argparse
import collections
import random
import re
import sys
import time

import bodies
import classes
import corpus
import mutations
from readings import ProbeEnded, Reading, ask_h11, ask_lbd, disagreements, is_normal

BATCH = 2000
SPACE_BEFORE_COLON = re.compile(rb"(\r\n[!#-'*+\-.0-9A-Z^-z|~]+)[ \t]+:")


class Judge:
    """Compares readings and counts."""

    def __init__(self, probe):
        self.probe = probe
        self.table = classes.read_table()
        self.met = collections.Counter()
        self.verdicts = collections.Counter()

    def unexplained(self, messages):
        """The messages of a batch that the two read differently for no known reason."""
        ours = ask_lbd(self.probe, messages)
        theirs = [ask_h11(message) for message in messages]
        failed = []
        again = []
        for message, one, other in zip(messages, ours, theirs):
            if {one.verdict, other.verdict} == {"refuses", "waits"}:
                # One saw at once what the other sees when the head has ended.
                again.append((message[0], message[1] + b"\r\n\r\n"))
            elif not self.is_explained(message, one, other):
                failed.append((message, one, other))
        return failed + self.unexplained_ended(again)

    def unexplained_ended(self, messages):
        pairs = zip(messages, ask_lbd(self.probe, messages), map(ask_h11, messages))
        return [(m, one, other) for m, one, other in pairs if not self.is_explained(m, one, other)]

    def is_explained(self, message, ours, theirs):
        self.verdicts[ours.verdict, theirs.verdict] += 1
        if theirs.verdict == "accepts":
            seen = classes.seen(*message, theirs.meaning)
            if ours.verdict != "accepts":
                return self.is_known("h11", seen, ours.status)
            aspects = disagreements(ours.meaning, theirs.meaning)
            if any(row.forbids(seen) for row in self.table):
                return False
            return all(self.is_known("both", seen, aspect) for aspect in aspects)
        if ours.verdict != "accepts":
            return ours.verdict == theirs.verdict or sees_less(message, ours)
        seen = classes.seen(*message, ours.meaning)
        return self.is_known("lbd", seen, None) and self.is_same_without(message, ours)

    def is_same_without(self, message, ours):
        """Whether h11 reads the same when it is spared what lbd alone accepts: empty lines before a
        request line, white space before a response's colons, and trailers."""
        kind, data = message
        if kind == "c":
            return is_normal(ours.meaning)
        length = ours.meaning["length"]
        head, rest = data[:length], data[length:]
        head = head.lstrip(b"\r\n") if kind == "q" else SPACE_BEFORE_COLON.sub(rb"\1:", head)
        rest, length = head + rest, len(head)
        moved = Reading("accepts", meaning={**ours.meaning, "length": length})
        return self.is_explained((kind, rest), moved, ask_h11((kind, rest)))

    def is_known(self, accepted_by, seen, answer):
        names = [row.name for row in self.table if row.explains(accepted_by, seen, answer)]
        self.met.update(names)
        return bool(names)

    def minimised(self, message):
        """A shorter message that is as unexplained, by leaving out ever smaller pieces."""
        kind, data = message
        counts = self.met.copy(), self.verdicts.copy()
        size = len(data) // 2
        while size > 0:
            starts = range(0, len(data), size)[:200]
            pieces = [(kind, data[:at] + data[at + size :]) for at in starts]
            failed = self.unexplained(pieces)
            if failed and len(failed[0][0][1]) < len(data):
                data = failed[0][0][1]
            else:
                size //= 2
        self.met, self.verdicts = counts
        return kind, data


def sees_less(message, ours):
    """Whether one waits for what the other refuses at once, for good: empty lines before a request
    line are nothing to lbd, and a chunk without an end is data to h11."""
    kind, data = message
    return ours.verdict == "refuses" if kind == "c" else kind == "q" and data.startswith(b"\r")


def batches(seed, seconds):
    end = time.monotonic() + seconds
    yield corpus.MESSAGES + bodies.MESSAGES
    number = 0
    while time.monotonic() < end:
        source = random.Random(f"{seed}/{number}")
        yield [mutations.message(source) for _ in range(BATCH)]
        number += 1


def show(judge, seed, failed):
    for message, ours, theirs in failed[:5]:
        print(f"error: lbd and h11 differ, seed {seed}")
        print(f"  message:   {message}\n  lbd {ours}\n  h11 {theirs}")
        if theirs.verdict == "accepts":
            seen = classes.seen(*message, theirs.meaning)
            print(f"  classes:   {[row.name for row in judge.table if row.holds(seen)]}")
        print(f"  minimised: {judge.minimised(message)}")
    print(f"error: {len(failed)} differences that the list does not explain")


def report(judge, seed):
    for verdicts, count in judge.verdicts.most_common():
        print(f"{count:9}  lbd {verdicts[0]}, h11 {verdicts[1]}")
    for row in judge.table:
        print(f"{judge.met[row.name]:9}  {row.name} (accepted by {row.accepted_by})")
    print(f"differential: {sum(judge.verdicts.values())} messages, seed {seed}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--probe", default=".build/release/head-probe")
    arguments.add_argument("--time", type=float, default=60, help="seconds")
    arguments.add_argument("--seed", type=int)
    options = arguments.parse_args()
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    judge = Judge(options.probe)
    try:
        for messages in batches(seed, options.time):
            failed = judge.unexplained(messages)
            if failed:
                show(judge, seed, failed)
                return 1
    except ProbeEnded as ended:
        print(f"error: head-probe ended, seed {seed}: {ended}")
        return 1
    report(judge, seed)
    dead = [row.name for row in judge.table if not judge.met[row.name]]
    for name in dead:
        print(f"error: no message met the class {name}")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
