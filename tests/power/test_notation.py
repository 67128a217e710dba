"""Reward distributions as text, and the tables that they read from files."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import sparse, stats

from corrigible.core.errors import DistributionError, FileFormatError, InputError, UnknownNameError
from corrigible.power import Table, parse_rewards
from corrigible.power.rewards.arrays import read_array
from corrigible.power.rewards.factors import Factors
from corrigible.power.rewards.features import Features
from corrigible.power.rewards.smooth import Smooth
from corrigible.power.rewards.sparse import Sparse
from corrigible.power.rewards.tables import Empirical

PHI = np.array([[1.0, 0], [0.5, 2], [0, 0]])


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        ("sparse(3)", Sparse(3)),
        (" sparse( 0.1, norm(0, 1) )", Sparse(0.1, stats.norm(0, 1))),
        ("sparse(of=expon, goals=2)", Sparse(2, stats.expon())),
        ("smooth(2)", Smooth(2)),
        ("smooth(1.5, 3)", Smooth(1.5, 3)),
        ("smooth(2, inf, uniform)", Smooth(2, math.inf, stats.uniform())),
        ("smooth(2, of=uniform(2, 5))", Smooth(2, of=stats.uniform(2, 5))),
        ("factors", Factors()),
        ("factors(norm)", Factors(of=stats.norm())),
    ],
)
def test_a_word_with_parameters_names_a_distribution(text, distribution):
    assert parse_rewards(text) == distribution


def test_a_file_gives_the_table(tmp_path):
    for name, save in (("phi.npy", np.save), ("phi.npz", np.savez)):
        save(tmp_path / name, PHI)
        assert parse_rewards(f"features:{tmp_path / name}") == Features(PHI)
    sparse.save_npz(tmp_path / "s.npz", sparse.csc_array(PHI))
    assert parse_rewards(f"features:{tmp_path / 's.npz'}") == Features(PHI)
    assert parse_rewards(f"table:{tmp_path / 's.npz'}") == Table(PHI)
    odd = tmp_path / "a:b (c.csv"
    odd.write_text("one,two\n1,0\n0.5, 2\n\n0,0\n")
    assert parse_rewards(f"features(expon(scale=2)):{odd}") == Features(PHI, stats.expon(scale=2))
    assert parse_rewards(f"features(uniform) : {odd}") == Features(PHI, stats.uniform())
    assert parse_rewards(f"empirical:{odd}") == Empirical(PHI)
    (tmp_path / "parts.csv").write_text("0,1,1\n2,2,0\n")
    assert parse_rewards(f"factors(norm):{tmp_path / 'parts.csv'}") == Factors(
        [[0, 1, 1], [2, 2, 0]], stats.norm()
    )


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("sparze(3)", UnknownNameError, "did you mean `sparse`"),
        ("tabel:x.csv", UnknownNameError, "did you mean `table`"),
        ("smooth", DistributionError, "it takes: length_scale, smoothness, of"),
        ("smooth(norm)", DistributionError, "it takes"),
        ("smooth(2, 2, norm, 2)", DistributionError, "it takes"),
        ("smooth(2, groups=3)", DistributionError, "it takes"),
        ("sparse(2, of=3)", DistributionError, "it takes: goals, of"),
        ("sparse(2, norm, of=norm)", DistributionError, "it takes"),
        ("sparse('a')", DistributionError, "cannot be read"),
        ("sparse(2, nrm)", UnknownNameError, "did you mean `norm`"),
        ("sparse(2, beta(2))", DistributionError, "takes: a, b, loc, scale"),
        ("sparse(2, cauchy)", DistributionError, "no finite mean"),
        ("features", DistributionError, "write `features:FILE`"),
        ("features:", DistributionError, "write `features:FILE`"),
        ("features(norm(0, 1):x.csv", DistributionError, "cannot be read"),
        ("features:x.txt", FileFormatError, r"give a \.npy, \.npz or \.csv file"),
        ("features:missing.npy", FileFormatError, "missing.npy: cannot be read: no such file"),
        ("table:missing.csv", FileFormatError, "missing.csv:1: cannot be read: no such file"),
    ],
)
def test_text_that_names_nothing_is_refused(text, error, says):
    with pytest.raises(error, match=says) as caught:
        parse_rewards(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "holds no numbers"),
        ("b.csv", b"1,2\n3\n", "b.csv:2: has 1 numbers, the first row 2"),
        ("c.csv", b"1,x\n", "c.csv:1: `x` is not a number"),
        ("d.csv", b"\xff\n", "not UTF-8"),
        ("e.npy", b"\x93NUMPY\x01", "e.npy: is a broken `.npy`"),
        ("f.npz", b"PK\x03\x04", "f.npz: "),
        ("g.csv", b"1,nan\n", "g.csv: the reward of state 1 in sample 0 is `nan`"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_name(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        parse_rewards(f"table:{tmp_path / name}")
    assert "\n" not in str(caught.value)


def test_an_archive_of_several_arrays_and_objects_are_refused(tmp_path):
    np.savez(tmp_path / "two.npz", a=PHI, b=PHI)
    with pytest.raises(FileFormatError, match="several arrays, or none: `a`, `b`"):
        read_array(tmp_path / "two.npz")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FileFormatError, match="broken"):
        read_array(tmp_path / "objects.npy")
