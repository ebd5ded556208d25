#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what was inferred of a board with its vendor's SVD file.

usage: truth.py PERIPHC BOARD RESULTS.json FILE.svd

Exit status 1 when a precision is below its limit (0.9, 0.9, 0.8).

Touched are the registers of the model that RESULTS.json counts an access of; of
these, the ones whose address the SVD file knows are judged. Of several registers
that the SVD file has at one address, the one is meant that allows what the
firmware did there.

  category   status, control or data.
             Inferred: data when characters, random numbers, a count or the
             bits of a serial bus go through it; status when it was read and
             gives something that nobody stored, or was only read; else
             control.
             In truth: data by its name; status when it is read-only, named as
             one (STAT, EVENT, READY, ...) or cleared by writing; else control.
             A register of the SVD that holds both, settings and fields that
             are named as a status or are read-only, is a status where such a
             field is the one that the model gives a meaning.
  access     each direction that the firmware used is one that the SVD allows.
  bits       the bits of an inferred field lie in fields of the SVD.

Precision is right / judged; recall is registers of touched peripherals in the
SVD that the model has.
"""
import glob
import json
import re
import subprocess
import sys
import tempfile

DATA = re.compile(r'(^|_)(DATA|DR|TXD|RXD|RBR|THR|FIFO|VALUE|FIO\w*PIN|'
                  r'\w*FIFO|TXDATA|RXDATA|COUNTER|TC|PC|RESULT|IN|OUT|PIN)$')
STATUS = re.compile(r'STAT|EVENT|READY|RDY|BUSY|FLAG|LOCK|STS|^IF$|INTST|'
                    r'^LSR$|^SR$|ISR|PLL\w*STAT')


def model(periphc, path):
    out = subprocess.run([periphc, '--emit', 'json', '-o', '-', *path],
                         check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def instances(m):
    devices = {d['name']: d for d in m['devices']}
    for i in m['board']['instances']:
        yield int(i['address'], 16), i['name'], devices[i['device']]


def registers(m):
    """address -> [(peripheral, register)]"""
    found = {}
    for base, name, device in instances(m):
        for reg in device['registers']:
            at = base + int(reg['offset'], 16)
            found.setdefault(at, []).append((name, reg))
    return found


def meant(those, direction):
    """Of registers at one address, the first that allows @direction."""
    for peripheral, reg in those:
        if all(d in allowed(reg) for d in direction):
            return peripheral, reg
    return those[0]


def is_status_field(field):
    return bool(STATUS.search(field['name'])) or \
        field.get('policy', 'rw') in ('ro', 'rc', 'w1c', 'w0c')


def bits_of(fields):
    bits = 0
    for f in fields:
        bits |= ((1 << f['width']) - 1) << f['lo']
    return bits


def true_category(reg, given):
    """@given: the bits that the model gives a meaning."""
    name = reg['name'].split('.')[-1].rstrip('0123456789')
    fields = {f['name'] for f in reg.get('fields', [])}
    if DATA.search(name) or fields & {'TXD', 'RXD', 'TXDATA', 'RXDATA'}:
        return 'data'
    if (STATUS.search(name) or reg['policy'] in ('ro', 'rc', 'w1c', 'w0c')):
        return 'status'
    if given & bits_of(filter(is_status_field, reg.get('fields', []))):
        return 'status'
    return 'control'


def special(reg):
    """Fields that give or do something else than storing."""
    return [f for f in reg.get('fields', [])
            if f.get('policy', 'rw') != 'rw' or f.get('derived') or
            f.get('views') or f.get('rules')]


def category(reg, use, text):
    if re.search(r'\b(pops|pushes|random|time\s*\(|count\s*\()|'
                 r':= [^;]*>> n[0-9a-f]+\b', text):
        return 'data'
    if use['reads'] and (special(reg) or not reg.get('plain', False) or
                         not use['writes']):
        return 'status'
    return 'control'


def texts(board):
    """name of device -> name of register -> its source text."""
    found = {}
    for path in glob.glob(board + '/*.periph'):
        device = None
        text = open(path).read()
        for m in re.finditer(r'^device (\w+)|\breg (\w+) @[^;{]*'
                             r'(?:;|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})',
                             text, re.M):
            if m.group(1):
                device = m.group(1)
            elif device:
                found.setdefault(device, {})[m.group(2)] = m.group(0)
    return found


def in_fields(reg, truth):
    bits = bits_of(truth.get('fields', []))
    if not truth.get('fields'):
        bits = ~0
    judged = right = 0
    for f in reg.get('fields', []):
        judged += 1
        mask = ((1 << f['width']) - 1) << f['lo']
        right += (mask & ~bits) == 0
    return judged, right


def allowed(truth):
    return {'ro': 'r', 'wo': 'w'}.get(truth['policy'], 'rw')


def main():
    periphc, board, results, svd = sys.argv[1:5]
    verbose = len(sys.argv) > 5
    with tempfile.NamedTemporaryFile(suffix='.periph') as imported:
        subprocess.run([periphc, '--import', 'svd', svd, '-o',
                        imported.name], check=True,
                       stderr=subprocess.DEVNULL)
        truth = registers(model(periphc, [imported.name]))
    files = sorted(glob.glob(board + '/*.periph'),
                   key=lambda p: (not p.endswith('/board.periph'), p))
    mine = model(periphc, files)
    source = texts(board)
    use = {}
    for device in json.load(open(results))['devices']:
        for reg in device['registers']:
            use[int(device['address'], 16) + int(reg['offset'], 16)] = reg
    count = dict.fromkeys(['touched', 'known', 'category', 'access',
                           'bits_judged', 'bits_right'], 0)
    touched_bases = set()
    for base, name, device in instances(mine):
        for reg in device['registers']:
            at = base + int(reg['offset'], 16)
            used = use.get(at)
            if not used or used['reads'] + used['writes'] == 0:
                continue
            count['touched'] += 1
            if at not in truth:
                continue
            direction = ('r' if used['reads'] else '') + \
                ('w' if used['writes'] else '')
            peripheral, real = meant(truth[at], direction)
            touched_bases.add(peripheral)
            count['known'] += 1
            text = source.get(device['name'], {}).get(reg['name'], '')
            got = category(reg, used, text)
            want = true_category(real, bits_of(special(reg)))
            count['category'] += got == want
            good = all(d in allowed(real) for d in direction)
            count['access'] += good
            judged, right = in_fields(reg, real)
            count['bits_judged'] += judged
            count['bits_right'] += right
            if verbose and (got != want or not good or judged != right):
                print(f"  {peripheral}.{real['name']} (0x{at:08x}): "
                      f"{got} for {want}, {direction} for {allowed(real)}, "
                      f"bits {right}/{judged}: {' '.join(text.split())}")
    total = sum(1 for those in truth.values() if those[0][0] in touched_bases)

    def share(part, whole):
        return f'{part / whole:.2f}' if whole else '-'

    def below(limit, part, whole):
        return whole and part / whole < limit
    print(f"{board.rstrip('/').split('/')[-1]}: {count['touched']} registers "
          f"touched, {count['known']} of them in the SVD file; precision: "
          f"category {share(count['category'], count['known'])}, access "
          f"{share(count['access'], count['known'])}, bits "
          f"{share(count['bits_right'], count['bits_judged'])} (of "
          f"{count['bits_judged']}); recall "
          f"{share(count['known'], total)} of {total}")
    return below(0.9, count['category'], count['known']) or \
        below(0.9, count['access'], count['known']) or \
        below(0.8, count['bits_right'], count['bits_judged'])


sys.exit(1 if main() else 0)
