"""The tree against the recursive definition of RFC 9162, and against known answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corrigible.guard.ledger.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from tests.oracles import merkle as oracle

KNOWN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/merkle.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in KNOWN["leaves"]]
MANY = [leaf_hash(b"%d" % n) for n in range(70)]


def test_leaves_and_heads_are_those_of_the_reference() -> None:
    assert [leaf.hex() for leaf in LEAVES] == KNOWN["nodes"][0]
    assert [root(LEAVES[:n]).hex() for n in range(9)] == KNOWN["heads"]


def test_proofs_are_those_of_the_reference() -> None:
    for each in KNOWN["inclusion"]:
        proof = inclusion_proof(LEAVES[: each["size"]], each["index"])
        assert [node.hex() for node in proof] == each["proof"]
    for each in KNOWN["consistency"]:
        proof = consistency_proof(LEAVES[: each["new"]], each["old"])
        assert [node.hex() for node in proof] == each["proof"]


@given(st.integers(0, 70), st.integers(0, 70))
@settings(max_examples=40)
def test_appending_gives_the_head_of_the_definition(first: int, second: int) -> None:
    leaves = MANY[: max(first, second)]
    frontier = Frontier().extend(leaves[: min(first, second)])
    frontier = Frontier.of(frontier.size, frontier.hex()).extend(leaves[min(first, second) :])
    assert frontier.root() == oracle.head(leaves)


@given(st.integers(1, 70), st.data())
@settings(max_examples=60)
def test_inclusion_proofs_are_those_of_the_definition_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = MANY[:size]
    proof, head = inclusion_proof(leaves, index), oracle.head(leaves)
    assert proof == oracle.path(index, leaves)
    assert verify_inclusion(leaves[index], index, size, proof, head)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else 1
    assert not verify_inclusion(leaves[index], other, size, proof, head)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, head)
    assert not verify_inclusion(leaves[index], index, size, [*proof, head], head)
    assert not proof or not verify_inclusion(leaves[index], index, size, proof[:-1], head)


@given(st.integers(1, 70), st.data())
@settings(max_examples=60)
def test_consistency_proofs_are_those_of_the_definition_and_verify(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    leaves = MANY[:new]
    proof, before, after = consistency_proof(leaves, old), oracle.head(leaves[:old]), oracle.head(leaves)
    assert proof == oracle.proof(old, leaves)
    assert verify_consistency(old, new, proof, before, after)
    assert not verify_consistency(old, new, proof, leaf_hash(b"another"), after)
    assert not verify_consistency(old, new, proof, before, leaf_hash(b"another"))
    assert not verify_consistency(old, new, [*proof, after], before, after)
    if proof:
        assert not verify_consistency(old, new, proof[:-1], before, after)
        assert not verify_consistency(old, new, [leaf_hash(b"another"), *proof[1:]], before, after)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf 3"):
        inclusion_proof(MANY[:3], 3)
    with pytest.raises(ValueError, match="no tree of 4"):
        consistency_proof(MANY[:3], 4)
    with pytest.raises(ValueError, match="no frontier of 3"):
        Frontier.of(3, "00")
