#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a CMSIS-SVD file has the structure of the schema, version 1.3.

usage: schema.py FILE.svd

The elements that periphc writes, in the order in which the schema wants them:
'!' is needed, '*' may repeat; then what their text looks like.
"""

import re
import sys
import xml.etree.ElementTree as ET

DIM = 'dim dimIncrement dimIndex'
PROPERTIES = 'size access protection resetValue resetMask'
ORDER = {
    'device': '!name !version !description !addressUnitBits !width '
              f'{PROPERTIES} !peripherals',
    'peripherals': '!peripheral*',
    'peripheral': '!name description alternatePeripheral !baseAddress '
                  'addressBlock* interrupt* registers',
    'addressBlock': '!offset !size !usage',
    'interrupt': '!name !value',
    'registers': 'register|cluster*',
    'cluster': f'{DIM} !name !description !addressOffset register|cluster*',
    'register': f'{DIM} !name description alternateRegister !addressOffset '
                f'{PROPERTIES} modifiedWriteValues readAction fields',
    'fields': '!field*',
    'field': f'{DIM} !name description !bitOffset !bitWidth access '
             'modifiedWriteValues readAction enumeratedValues*',
    'enumeratedValues': 'usage !enumeratedValue*',
    'enumeratedValue': '!name description value isDefault',
}
NUMBER = r'(0x[0-9a-f]+|[0-9]+)'
DIMABLE = r'[_A-Za-z][_A-Za-z0-9]*(\[%s\])?'
TEXT = {
    'name': DIMABLE, 'alternateRegister': DIMABLE,
    'alternatePeripheral': DIMABLE, 'description': '(?s).*',
    'version': '.+', 'usage': 'registers|read|write', 'isDefault': 'true',
    'access': 'read-only|write-only|read-write|writeOnce|read-writeOnce',
    'protection': '[snp]', 'readAction': 'clear|set|modify|modifyExternal',
    'modifiedWriteValues': '(one|zero)To(Clear|Set|Toggle)|clear|set|modify',
}


def check(element, path):
    here = f'{path}/{element.tag}'
    problems = []
    if element.tag not in ORDER:
        pattern = TEXT.get(element.tag, NUMBER)
        if path.endswith('/enumeratedValue') and element.tag == 'name':
            pattern = '[_A-Za-z0-9]+'
        if not re.fullmatch(pattern, element.text or ''):
            problems.append(f'{here}: {element.text!r}')
        return problems
    wanted = ORDER[element.tag].split()
    at = 0
    for child in element:
        while at < len(wanted) and child.tag not in \
                wanted[at].strip('!*').split('|'):
            if wanted[at].startswith('!'):
                problems.append(f'{here}: no {wanted[at]}')
            at += 1
        if at == len(wanted):
            problems.append(f'{here}: misplaced {child.tag}')
            break
        if not wanted[at].endswith('*'):
            at += 1
        elif wanted[at].startswith('!'):
            wanted[at] = wanted[at][1:]
        problems += check(child, here)
    problems += [f'{here}: no {w}' for w in wanted[at:] if w[0] == '!']
    if len(element.findall('enumeratedValues')) > 2:
        problems.append(f'{here}: more than two lists of values')
    if element.tag == 'enumeratedValue' and \
            (element.find('value') is None) == \
            (element.find('isDefault') is None):
        problems.append(f'{here}: neither value nor isDefault, or both')
    return problems


if __name__ == '__main__':
    root = ET.parse(sys.argv[1]).getroot()
    found = check(root, '')
    if root.get('schemaVersion') != '1.3':
        found.append('schemaVersion')
    print('\n'.join(found))
    sys.exit(1 if found else 0)
