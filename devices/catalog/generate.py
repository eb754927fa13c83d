#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes devices/*.yaml from the tables in facts/. A device is a row of facts with its source; what
the row does not say follows from the rules of its groups (facts/rules.csv), and what was fitted to
or measured on this very device replaces both (facts/overrides.csv). README.md tells more.
  generate.py           write the files, remove those of devices that are gone
  generate.py --check   write nothing; fail when a file is not what the tables say"""
import argparse
import ast
import csv
import glob
import operator
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ("datasheet", "measured", "fitted", "class", "estimated")
FIRST_COLUMNS = ("name", "title", "kind", "class", "family", "aliases")
TEXT_FACTS = ("process", "launched", "source", "other_sources")

# The order of a file's lines. A list names what each element holds; FLOW maps take one line.
LAYOUT = {
    "compute": [("peaks", ("vector_TFLOPS", "matrix_TFLOPS")), "cores"],
    "memory": ["bandwidth_GBps", "noc_GBps", ("caches", ("capacity_MiB", "bandwidth_GBps"))],
    "clocks": ["nominal_GHz", "nominal_V", "pstates"],
    "power": ["idle_W", "idle_C", "active_W", "pJ_per_FLOP", "pJ_per_byte", "leakage", "cap_W",
              "sleep_W", "wake_ms", "wake_J"],
    "thermal": [("nodes", ("capacity_J_per_K", "ambient_W_per_K")), "couplings", "throttle_C",
                "limit_C", "poll_s"],
}
LEAKAGE = ("reference_W", "reference_K", "voltage_per_V", "threshold_V", "swing")
ELEMENT_ORDER = ["f32", "f16", "int8", "die", "cooler", "scratchpad", "L2", "L3", "SLC"]


class Fault(Exception):
    pass


def read_table(path):
    """Rows of a CSV file with a heading; lines that begin with # are comments. Each row also holds
    its place, for faults."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [line if not line.startswith("#") else "\n" for line in file]
    reader = csv.DictReader(line for line in lines if line.strip())
    rows = []
    for row in reader:
        place = f"{os.path.relpath(path, HERE)}: {row.get('name') or row.get('group') or row.get('device')}"
        if None in row or None in row.values():
            raise Fault(f"{place}: {len(reader.fieldnames)} columns are wanted")
        rows.append({key: value.strip() for key, value in row.items()} | {"place": place})
    return rows


def carry_ref(rows):
    """A ref of one double quote means: as in the row above."""
    above = None
    for row in rows:
        if row["ref"] == '"':
            row["ref"] = above
        above = row["ref"]
        if row["kind"] not in KINDS:
            raise Fault(f"{row['place']}: '{row['kind']}' is none of {', '.join(KINDS)}")
    return rows


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
             ast.Div: operator.truediv, ast.Pow: operator.pow}


def evaluate(text, facts):
    """An expression of facts: a number, and the names of the facts that it used."""
    used = []

    def value(node):
        if isinstance(node, ast.Constant):
            return float(node.value)
        if isinstance(node, ast.Name):
            used.append(node.id)
            return float(facts[node.id][0])
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        raise Fault(f"'{text}' is no arithmetic of facts")
    return value(ast.parse(text, mode="eval").body), used


def number(value):
    """Three significant digits, without exponents or trailing zeros."""
    text = f"{float(f'{value:.3g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


NUMBER = re.compile(r"-?\d+(\.\d+)?$")
PLAIN = re.compile(r"[A-Za-z]\w*$")
TEXT_KEYS = ("class",)


def facts_of(row):
    """Fact -> (value, kind, ref)."""
    facts = {}
    others = dict(part.split("=", 1) for part in row["other_sources"].split(" | ") if part)
    for key, value in row.items():
        if key in FIRST_COLUMNS or key in TEXT_FACTS or key == "place" or not value:
            continue
        if not NUMBER.match(value):
            raise Fault(f"{row['place']}: {key} is '{value}', not a number")
        facts[key] = (value, "datasheet", others.pop(key, row["source"]))
        for kind in KINDS:
            if facts[key][2].startswith(kind + ": "):
                facts[key] = (value, kind, facts[key][2].removeprefix(kind + ": "))
    if others:
        raise Fault(f"{row['place']}: other_sources speaks of {', '.join(others)}, which is empty")
    return facts


def apply(rule, facts):
    """(value text, kind, ref) that a rule gives, or None when a fact that it wants is missing."""
    text, kind, ref = rule["value"], rule["kind"], rule["ref"]
    if rule["key"] in TEXT_KEYS or NUMBER.match(text) or rule["key"] == "clocks.pstates":
        return text, kind, ref
    names = [node.id for node in ast.walk(ast.parse(text, mode="eval"))
             if isinstance(node, ast.Name)]
    if any(name not in facts for name in names):
        return None
    if PLAIN.match(text):
        value, fact_kind, fact_ref = facts[text]
        if kind == "datasheet":
            kind, ref = fact_kind, fact_ref + (f"; {ref}" if ref else "")
        return value, kind, ref
    value, used = evaluate(text, facts)
    if kind == "datasheet":  # no better than what it was computed from
        fact = next((facts[name] for name in used if facts[name][1] != "datasheet"), facts[used[0]])
        kind, ref = fact[1], fact[2] + (f"; {ref}" if ref else "")
    return number(value), kind, ref


def values_of(row, rules, overrides):
    """Dotted path -> (value, kind, ref) of one device."""
    facts = facts_of(row)
    given = set(facts)
    groups = {"all", row["kind"], row["class"], *row["family"].split()}
    values = {}
    mine = [rule for rule in rules if rule["group"] in groups]
    for rule in sorted(mine, key=lambda rule: not rule["key"].startswith("fact.")):
        result = apply(rule, facts)
        made = rule["key"].removeprefix("fact.")
        if result and made == "class" and result[0].startswith("*"):
            values[made] = (values[made][0] + result[0][1:], *result[1:])
        elif result and made == rule["key"]:
            values[made] = result
        elif result and made not in given:
            facts[made] = result
    for override in overrides:
        if override["device"] != row["name"]:
            continue
        if override["value"] == "-":
            values.pop(override["key"], None)
        else:
            values[override["key"]] = (override["value"], override["kind"], override["ref"])
    return values


def elements(values, path):
    names = {key[len(path) + 1:].split(".")[0] for key in values if key.startswith(path + ".")}
    return sorted(names, key=lambda name: (ELEMENT_ORDER.index(name), name))


def pstates(values):
    text = values["clocks.pstates"][0]
    scale = (1.0, 1.0)
    pairs = text.split()
    if pairs[0] == "*":
        pairs = pairs[1:]
        scale = (float(values["clocks.nominal_GHz"][0]), float(values["clocks.nominal_V"][0]))
    for pair in pairs:
        clock, voltage = pair.split(":")
        if scale == (1.0, 1.0):
            yield clock, voltage
        else:
            yield number(float(clock) * scale[0]), number(float(voltage) * scale[1])


def list_lines(values, path, members):
    for name in elements(values, path):
        parts = [f"name: {name}"]
        for member in members:
            if f"{path}.{name}.{member}" in values:
                parts.append(f"{member}: {values[f'{path}.{name}.{member}'][0]}")
        yield f"    - {{{', '.join(parts)}}}"


def member_lines(values, section, member):
    if isinstance(member, tuple):
        lines = list(list_lines(values, f"{section}.{member[0]}", member[1]))
        if lines:
            yield f"  {member[0]}:"
        yield from lines
    elif member == "pstates":
        if "clocks.pstates" in values:
            yield "  pstates:"
            for clock, voltage in pstates(values):
                yield f"    - {{clock_GHz: {clock}, voltage_V: {voltage}}}"
    elif member == "couplings":
        pairs = [key for key in values if key.startswith("thermal.couplings.")]
        if pairs:
            yield "  couplings:"
        for key in pairs:
            start, end = key.split(".")[-1].split("-")
            yield f"    - {{from: {start}, to: {end}, W_per_K: {values[key][0]}}}"
    elif member == "leakage":
        parts = [f"{name}: {values[f'power.leakage.{name}'][0]}" for name in LEAKAGE
                 if f"power.leakage.{name}" in values]
        yield f"  leakage: {{{', '.join(parts)}}}"
    elif f"{section}.{member}" in values:
        yield f"  {member}: {values[f'{section}.{member}'][0]}"


def section_lines(values, section, members):
    if not any(key.startswith(section + ".") for key in values):
        return
    yield f"{section}:"
    for member in members:
        yield from member_lines(values, section, member)


def source_path(key):
    """Elements without a name have no path of their own."""
    return "thermal.couplings" if key.startswith("thermal.couplings.") else key


def source_lines(prefix, leaves, inherited=None):
    """`prefix: source` lines, so few that each leaf's nearest entry is its own source."""
    sources = [source for _, source in leaves]
    if len(set(sources)) == 1:
        if prefix and sources[0] != inherited:
            yield prefix, sources[0]
            return
        if prefix:
            return
    common = max(sources, key=lambda source: (sources.count(source), -sources.index(source)))
    if "." in prefix and sources.count(common) > 2 and common != inherited:
        yield prefix, common
        inherited = common
    groups = {}
    for path, source in leaves:
        head = path[len(prefix) + 1 if prefix else 0:].split(".")[0]
        groups.setdefault(f"{prefix}.{head}" if prefix else head, []).append((path, source))
    for head, group in groups.items():
        yield from source_lines(head, group, inherited)


def quoted(text):
    return f'"{text}"' if re.search(r"[:#\[\]{}&*!|>'%@`,]", text) else text


def in_order(values):
    order = [f"{section}.{member if isinstance(member, str) else member[0]}"
             for section, members in LAYOUT.items() for member in members]
    for key in values:
        if key != "price_usd" and not any(key == o or key.startswith(o + ".") for o in order):
            raise Fault(f"there is no place for '{key}'")
    yield from (key for key in values if key == "price_usd")
    for o in order:
        yield from (key for key in values if key == o or key.startswith(o + "."))


def device_text(row, values):
    lines = ["# SPDX-License-Identifier: GPL-3.0-or-later",
             "# Written by generate.py from facts/*.csv: edit those.",
             "schema: qeilsim/device/1", f"name: {row['name']}", f"title: {quoted(row['title'])}",
             f"kind: {row['kind']}", f"class: {values.pop('class')[0]}"]
    aliases = [alias.strip() for alias in row["aliases"].split(";") if alias.strip()]
    if aliases:
        lines.append(f"aliases: [{', '.join(quoted(alias) for alias in aliases)}]")
    if "price_usd" in values:
        lines.append(f"price_usd: {values['price_usd'][0]}")
    for section, members in LAYOUT.items():
        lines.extend(section_lines(values, section, members))
    leaves = {}
    for key in in_order(values):
        if key not in TEXT_KEYS:
            leaves.setdefault(source_path(key), values[key][1:])
    lines.append("sources:")
    for path, (kind, ref) in source_lines("", list(leaves.items())):
        ref = ref.replace('"', "'")
        lines.append(f'  {path}: {{kind: {kind}, ref: "{ref}"}}')
    return "\n".join(lines) + "\n"


def generated(folder):
    """File name -> text of all devices."""
    tables = sorted(glob.glob(os.path.join(folder, "facts", "devices-*.csv")))
    rules = carry_ref(read_table(os.path.join(folder, "facts", "rules.csv")))
    overrides = carry_ref(read_table(os.path.join(folder, "facts", "overrides.csv")))
    files, names = {}, set()
    for row in (row for table in tables for row in read_table(table)):
        if not row["source"]:
            raise Fault(f"{row['place']}: no source")
        if f"{row['name']}.yaml" in files:
            raise Fault(f"{row['place']}: this name is there twice")
        names.add(row["name"])
        try:
            files[f"{row['name']}.yaml"] = device_text(row, values_of(row, rules, overrides))
        except (KeyError, ValueError, SyntaxError) as fault:
            raise Fault(f"{row['place']}: {fault!r}") from fault
    for override in overrides:
        if override["device"] not in names:
            raise Fault(f"{override['place']}: no row of facts has this name")
    return files


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(description="Writes devices/*.yaml from facts/*.csv.")
    parser.add_argument("--check", action="store_true", help="only tell which files are stale")
    arguments = parser.parse_args()
    target = os.path.join(HERE, "devices")
    try:
        files = generated(HERE)
    except Fault as fault:
        print(f"generate.py: {fault}", file=sys.stderr)
        return 1
    gone = sorted(name for name in os.listdir(target)
                  if name.endswith(".yaml") and name not in files)
    stale = sorted(name for name, text in files.items()
                   if read_text(os.path.join(target, name)) != text)
    if arguments.check:
        for name in stale + gone:
            print(f"{name} is not what the tables say: run devices/catalog/generate.py")
        return 1 if stale or gone else 0
    for name in stale:
        with open(os.path.join(target, name), "w", encoding="utf-8") as file:
            file.write(files[name])
    for name in gone:
        os.remove(os.path.join(target, name))
    print(f"{len(files)} devices, {len(stale)} written, {len(gone)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
