#!/usr/bin/env python3
"""Writes a tiny RWKV-4 checkpoint in PyTorch's zip format, whole or spoilt. Needs Python's standard library only."""
import argparse
import math
import struct
import zipfile

WIDTH, LAYERS = 8, 2


def shapes(vocab):
    """Names and shapes of all tensors, in the order of released files."""
    result = {'emb.weight': [vocab, WIDTH]}
    for layer in range(LAYERS):
        block = f'blocks.{layer}.'
        for norm in (['ln0'] if layer == 0 else []) + ['ln1', 'ln2']:
            result[block + norm + '.weight'] = result[block + norm + '.bias'] = [WIDTH]
        result[block + 'att.time_decay'] = result[block + 'att.time_first'] = [WIDTH]
        for letter in 'kvr':
            result[f'{block}att.time_mix_{letter}'] = [1, 1, WIDTH]
        for name in ('key', 'value', 'receptance', 'output'):
            result[f'{block}att.{name}.weight'] = [WIDTH, WIDTH]
        for letter in 'kr':
            result[f'{block}ffn.time_mix_{letter}'] = [1, 1, WIDTH]
        result[block + 'ffn.key.weight'] = [4 * WIDTH, WIDTH]
        result[block + 'ffn.receptance.weight'] = [WIDTH, WIDTH]
        result[block + 'ffn.value.weight'] = [WIDTH, 4 * WIDTH]
    result['ln_out.weight'] = result['ln_out.bias'] = [WIDTH]
    result['head.weight'] = [vocab, WIDTH]
    return result


def values(name, count):
    """Fixed numbers in [-1, 1): the fractions of multiples of the golden ratio, from a start that depends on the name."""
    start = sum(name.encode())
    return [2 * math.fmod((start + i) * 0.6180339887498949, 1.0) - 1 for i in range(count)]


def text(string):
    return b'X' + struct.pack('<I', len(string.encode())) + string.encode()


def integer(number):
    return b'J' + struct.pack('<i', number)


def integers(numbers):
    return b'(' + b''.join(map(integer, numbers)) + b't'


def tensor(key, shape):
    """The pickle of one packed float32 tensor whose bytes are the archive's record data/KEY."""
    count = math.prod(shape)
    strides = [math.prod(shape[i + 1:]) for i in range(len(shape))]
    storage = b'(' + text('storage') + b'ctorch\nFloatStorage\n' + text(key) + text('cpu') + integer(count) + b'tQ'
    return (b'ctorch._utils\n_rebuild_tensor_v2\n(' + storage + integer(0) + integers(shape) + integers(strides) +
            b'\x89ccollections\nOrderedDict\n)RtR')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('file')
    parser.add_argument('--vocab', type=int, default=16)
    parser.add_argument('--drop', help='leave this tensor out')
    parser.add_argument('--reshape', help='NAME=ROWS,COLUMNS: give this tensor another shape')
    parser.add_argument('--fill', metavar='NAME=NUMBER', help='all numbers of this tensor are NUMBER')
    parser.add_argument('--call', metavar='COMMAND', help='a pickle that would run this shell command if it were believed')
    options = parser.parse_args()

    table = shapes(options.vocab)
    if options.drop:
        del table[options.drop]
    if options.reshape:
        name, shape = options.reshape.split('=')
        table[name] = [int(n) for n in shape.split(',')]

    if options.call:
        pickle = b'\x80\x02cos\nsystem\n(' + text(options.call) + b'tR.'
    else:
        items = (text(name) + tensor(str(i), shape) for i, (name, shape) in enumerate(table.items()))
        pickle = b'\x80\x02}(' + b''.join(items) + b'u.'
    with zipfile.ZipFile(options.file, 'w', zipfile.ZIP_STORED) as archive:
        archive.writestr('tiny/data.pkl', pickle)
        for i, (name, shape) in enumerate(table.items()):
            count = math.prod(shape)
            numbers = values(name, count)
            if options.fill and options.fill.startswith(name + '='):
                numbers = [float(options.fill.split('=')[1])] * count
            archive.writestr(f'tiny/data/{i}', struct.pack(f'<{count}f', *numbers))
        archive.writestr('tiny/version', '3\n')


main()
