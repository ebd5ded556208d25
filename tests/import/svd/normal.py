#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An SVD file in a form that two files can be compared in.

usage: normal.py FILE.svd

One line for each peripheral, interrupt, register, field and enumerated value:
what the file says after derivedFrom, dim and inheritance, at offsets from the
peripheral. This is the list of what an import and an export must keep:

  peripherals  name, base address
  interrupts   name, number
  registers    path (clusters in front), offset, bits, access, reset value and
               mask, modifiedWriteValues, readAction, protection
  fields       name, lowest bit, width, access, modifiedWriteValues,
               readAction
  values       of reads and of writes: name, number, isDefault

Fields named RESERVED are no fields: nothing is said about them but their
place, and vendors give many in one register that name.

It is no part of the importer and shares no line with it.
"""

import re
import sys
import xml.etree.ElementTree as ET

PROPERTIES = ('size', 'access', 'protection', 'resetValue', 'resetMask')


def number(text):
    text = text.strip().lower()
    if text.startswith(('#', '0b')):
        return int(text.lstrip('#').removeprefix('0b'), 2)
    return int(text, 0) if text.startswith('0x') else int(text)


def numbers(text):
    """All that a value with don't-care bits stands for."""
    if 'x' not in text.strip().lower().removeprefix('0x'):
        return [number(text)]
    return [n for digit in '01'
            for n in numbers(re.sub('[xX]', digit, text, count=1))]


class Svd:
    def __init__(self, path):
        self.root = ET.parse(path).getroot()
        self.parent = {c: p for p in self.root.iter() for c in p}
        self.lines = []

    def name_of(self, element):
        return (element.findtext('name') or '').strip()

    def base(self, element):
        """What the element is derived from: a sibling, or by dotted path."""
        path = element.get('derivedFrom')
        scope = element
        while path and scope in self.parent:
            scope = self.parent[scope]
            found = [scope]
            for part in path.split('.'):
                found = [c for f in found for w in [f] + [
                    x for x in f if x.tag in
                    ('peripherals', 'registers', 'fields')]
                    for c in w if self.name_of(c) == part]
            for one in found:
                if one.tag == element.tag and one is not element:
                    return one
        return None

    def chain(self, element):
        while element is not None:
            yield element
            element = self.base(element)

    def get(self, element, tag):
        for one in self.chain(element):
            text = one.findtext(tag)
            if text is not None:
                return ' '.join(text.split())
        return None

    def find_all(self, element, tag):
        for one in self.chain(element):
            if one.find(tag) is not None:
                return one.findall(tag)
        return []

    def children(self, element, wrapper, tags):
        """Own ones, then those of bases with names that are not there."""
        seen = set()
        for one in self.chain(element):
            holder = one.find(wrapper) if wrapper else one
            if wrapper == 'registers' and holder is None:
                holder = one if one.tag == 'cluster' else None
            for child in holder if holder is not None else []:
                if child.tag in tags and (one is element or
                                          self.name_of(child) not in seen):
                    yield child
            seen |= {self.name_of(c) for c in
                     (holder if holder is not None else [])}

    def names(self, element, unit):
        """(name, distance) of each element of a dim."""
        name = self.get(element, 'name')
        dim = self.get(element, 'dim')
        if dim is None:
            return [(name, 0)]
        count = number(dim)
        step = number(self.get(element, 'dimIncrement') or str(unit))
        if '[%s]' in name:
            return [(name.replace('[%s]', f'[{k}]'), k * step)
                    for k in range(count)]
        index = self.get(element, 'dimIndex')
        if index is None:
            labels = [str(k) for k in range(count)]
        elif ',' in index:
            labels = [x.strip() for x in index.split(',')]
        elif re.match(r'^\d+-\d+$', index):
            labels = [str(int(index.split('-')[0]) + k) for k in range(count)]
        else:
            labels = [chr(ord(index[0]) + k) for k in range(count)]
        return [(name.replace('%s', labels[k]), k * step)
                for k in range(count)]

    def inherit(self, outer, element):
        inner = dict(outer)
        for tag in PROPERTIES:
            value = self.get(element, tag)
            if value is not None:
                inner[tag] = value
        return inner

    def bits(self, field):
        text = self.get(field, 'bitRange')
        if text:
            high, low = map(int, re.findall(r'\d+', text))
            return low, high - low + 1
        if self.get(field, 'lsb') is not None:
            low = number(self.get(field, 'lsb'))
            return low, number(self.get(field, 'msb')) - low + 1
        return (number(self.get(field, 'bitOffset')),
                number(self.get(field, 'bitWidth')))

    def values(self, field, path):
        for group in self.find_all(field, 'enumeratedValues'):
            usage = self.get(group, 'usage') or 'read-write'
            for value in self.find_all(group, 'enumeratedValue'):
                text = value.findtext('value')
                for what in ['default'] if text is None else numbers(text):
                    self.lines.append(
                        f'{path} {usage} {self.name_of(value)} = {what}')

    @staticmethod
    def effects(access, write, read):
        """What access does not allow does not happen."""
        if access == 'read-only' or write == 'modify':
            write = None
        if access in ('write-only', 'writeOnce'):
            read = None
        return f'{access} {write} {read}'

    def field(self, field, path, reg):
        if self.name_of(field).lower() == 'reserved':
            return
        access = self.get(field, 'access') or reg['access']
        write = self.get(field, 'modifiedWriteValues') or reg['write']
        read = self.get(field, 'readAction') or reg['read']
        low, width = self.bits(field)
        for name, step in self.names(field, width):
            full = f'{path}:{name}'
            self.lines.append(f'{full} [{low + step}+{width}] '
                              f'{self.effects(access, write, read)}')
            self.values(field, full)

    def register(self, register, path, offset, outer):
        own = self.inherit(outer, register)
        fields = list(self.children(register, 'fields', ('field',)))
        if own.get('access') is None:
            each = {self.get(f, 'access') for f in fields}
            own['access'] = each.pop() if len(each) == 1 else None
            own['access'] = own['access'] or 'read-write'
        bits = number(own.get('size', '32'))
        mask = (1 << bits) - 1
        own['write'] = self.get(register, 'modifiedWriteValues')
        own['read'] = self.get(register, 'readAction')
        at = offset + number(self.get(register, 'addressOffset'))
        for name, step in self.names(register, bits // 8):
            full = f'{path}.{name}'
            reset = number(own.get('resetValue', '0')) & mask
            known = number(own.get('resetMask', hex(mask))) & mask
            self.lines.append(
                f'{full} @{at + step:#x} {bits} bits reset {reset:#x} of '
                f'{known:#x} '
                f'{self.effects(own["access"], own["write"], own["read"])} '
                f'{own.get("protection")}')
            for field in fields:
                self.field(field, full, own)

    def block(self, element, path, offset, outer):
        if element.tag == 'register':
            self.register(element, path, offset, outer)
            return
        own = self.inherit(outer, element)
        at = offset + number(self.get(element, 'addressOffset'))
        for name, step in self.names(element, 4):
            for child in self.children(element, 'registers',
                                       ('register', 'cluster')):
                self.block(child, f'{path}.{name}', at + step, own)

    def peripheral(self, peripheral):
        own = self.inherit(self.inherit({}, self.root), peripheral)
        base = number(self.get(peripheral, 'baseAddress'))
        for name, step in self.names(peripheral, 0x1000):
            self.lines.append(f'{name} at {base + step:#x}')
            for irq in self.find_all(peripheral, 'interrupt'):
                self.lines.append(
                    f'{name} interrupt {self.name_of(irq)} '
                    f'{number(irq.findtext("value"))}')
            for child in self.children(peripheral, 'registers',
                                       ('register', 'cluster')):
                self.block(child, name.replace('[', '').replace(']', ''), 0,
                           own)

    def run(self):
        for peripheral in self.root.find('peripherals'):
            if peripheral.tag == 'peripheral':
                self.peripheral(peripheral)
        return sorted(self.lines)


if __name__ == '__main__':
    print('\n'.join(Svd(sys.argv[1]).run()))
