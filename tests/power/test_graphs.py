"""Small models as graphs, two sides as pictures, agents as text: what is drawn is what was computed."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from corrigible import MDP
from corrigible.core.errors import OptionError, UnknownNameError
from corrigible.mdp.textmap import read_map
from corrigible.power import difference, estimate, optimality_probability
from corrigible.power.bounded import Boltzmann, LimitedHorizon, parse_agent
from corrigible.power.comparisons import figure
from corrigible.power.graphs import fits, plot_graph
from corrigible.power.multiagent import JointMDP
from corrigible.power.multiagent import estimate as both

SWITCH = MDP.from_edges({"on": ["on", "off"], "off": ["off"]}, start="on")


def written(made: Figure) -> list[str]:
    return [text.get_text() for ax in made.axes for text in ax.texts]


def test_a_graph_has_power_on_its_nodes_and_shares_of_goals_on_its_arrows():
    result = estimate(SWITCH, samples=200)
    preferred = optimality_probability(SWITCH, "on", samples=200)
    made = Figure()
    plot_graph(SWITCH, result, made.add_subplot(), [preferred])
    said = written(made)
    assert {"on", "off"} <= set(said)
    assert {f"{power:.2f}" for power in result.power} <= set(said)
    assert {f"{share:.0%}" for share in preferred.probability} <= set(said)
    assert fits(SWITCH)


def test_what_no_graph_can_show_is_refused():
    line = MDP.from_edges({k: [min(k + 1, 49)] for k in range(50)})
    with pytest.raises(OptionError, match="`50` states"):
        plot_graph(line, estimate(line, samples=2), Figure().add_subplot())
    with pytest.raises(OptionError, match="other states"):
        plot_graph(SWITCH, estimate(line, samples=2), Figure().add_subplot())
    assert not fits(line)


def test_a_difference_is_drawn_on_the_first_map_and_otherwise_ranked():
    room, shut = read_map("...\n...\n"), read_map("...\n.#.\n")
    found = difference(room.mdp, shut.mdp, samples=100)
    said = written(figure(found, room, room.mdp.states))
    assert {f"{x:+.3f}" for x in found.difference} == set(said)
    ranked = figure(found).axes[0]
    assert len(ranked.get_yticklabels()) == len(found.states)


def test_alignment_is_a_dot_for_each_joint_state():
    result = both(JointMDP.of(SWITCH), 0.5, samples=64)
    [ax] = figure(result).axes
    assert np.asarray(ax.collections[0].get_offsets()).shape == (len(result.states), 2)


def test_agents_are_read_as_people_write_them():
    assert parse_agent(" Boltzmann( 0.5 )") == Boltzmann(0.5)
    assert parse_agent("limited-horizon(3)") == LimitedHorizon(3)
    with pytest.raises(UnknownNameError, match="`lazy`"):
        parse_agent("lazy(3)")
    for text, says in (("boltzmann", "no number"), ("boltzmann(x)", "`x`"), ("(3)", "cannot be read")):
        with pytest.raises(OptionError, match=says):
            parse_agent(text)
