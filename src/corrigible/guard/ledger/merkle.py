"""The Merkle tree over the records: one hash that stands for all of them, and short proofs about it.

The hash of a leaf is SHA-256 of a zero byte and the record, that of a node SHA-256 of a one byte and its two
children; so no record can pass for a node. A tree of *n* leaves has the largest power of two below *n* on its
left. Appending needs only the *frontier*: the roots of the whole subtrees, one for each one in the binary
form of *n*.

*Source:* RFC 9162, section 2.1 (heads 2.1.1, inclusion 2.1.3, consistency 2.1.4).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from typing import final

EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a record."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Frontier:
    """A tree as far as appending needs it.

    Parameters
    ----------
    size
        How many leaves it has.
    nodes
        The roots of its whole subtrees, the largest first.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier after more leaves (their hashes)."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            rest, node = size, leaf
            while rest & 1:
                node = node_hash(nodes.pop(), node)
                rest >>= 1
            nodes.append(node)
            size += 1
        return Frontier(size=size, nodes=tuple(nodes))

    def root(self) -> bytes:
        """Return the tree's head."""
        if not self.nodes:
            return EMPTY
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = node_hash(left, node)
        return node

    def hex(self) -> str:
        """Return the nodes as one hexadecimal text."""
        return b"".join(self.nodes).hex()

    @classmethod
    def of(cls, size: int, text: str) -> Frontier:
        """Return the frontier of ``size`` leaves from what `hex` gave.

        Raises
        ------
        ValueError
            If it is not a frontier of that size.
        """
        data = bytes.fromhex(text)
        if size < 0 or len(data) != 32 * size.bit_count():
            raise ValueError(f"no frontier of {size} leaves")
        return cls(size=size, nodes=tuple(data[n : n + 32] for n in range(0, len(data), 32)))


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the head of the tree over leaf hashes."""
    return Frontier().extend(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings from leaf ``index`` up to the head of the tree over ``leaves``.

    *Source:* RFC 9162, section 2.1.3.1.
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    return _path(leaves, index, 0)


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return the proof that the tree over ``leaves`` begins with that over the first ``old`` of them.

    *Source:* RFC 9162, section 2.1.4.1.
    """
    if not 0 < old <= len(leaves):
        raise ValueError(f"there is no tree of {old} leaves within {len(leaves)}")
    if old == len(leaves):
        return []
    # The last whole subtree of the old tree is a node of the new one; the way up from it is the proof.
    level = ((old - 1) ^ old).bit_length() - 1
    return _path(leaves, (old - 1) >> level, level, itself=old & (old - 1) != 0)


def _path(leaves: Sequence[bytes], index: int, level: int, *, itself: bool = False) -> list[bytes]:
    """Return the siblings above node ``index`` of ``level``, after the node itself where asked."""
    nodes, height, proof = list(leaves), 0, list[bytes]()
    while len(nodes) > 1:
        if height == level and itself:
            proof.append(nodes[index])
        if height >= level:
            if index ^ 1 < len(nodes):
                proof.append(nodes[index ^ 1])
            index >>= 1
        odd = nodes[-1:] if len(nodes) % 2 else []
        nodes = [node_hash(nodes[n], nodes[n + 1]) for n in range(0, len(nodes) - 1, 2)] + odd
        height += 1
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Return whether ``proof`` shows that ``leaf`` is number ``index`` of the tree with ``head``.

    *Source:* RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == head


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_head: bytes, new_head: bytes) -> bool:
    """Return whether ``proof`` shows that the tree of ``new`` leaves begins with that of ``old``.

    *Source:* RFC 9162, section 2.1.4.2.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_head == new_head
    path = list(proof) if old & (old - 1) else [old_head, *proof]
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for node in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(node, first), node_hash(node, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_head and second == new_head
