"""Models as NetworkX graphs."""

from __future__ import annotations

from corrigible import MDP


def test_a_graph_has_the_states_as_nodes_and_the_transitions_as_edges():
    mdp = MDP.from_edges(
        {"a": {"toss": {"a": "1/4", "b": "3/4"}, "go": "b"}, "b": {"on": "end"}}, terminal=["end"], start="a"
    )
    graph = mdp.to_networkx()
    assert graph.is_directed()
    assert graph.is_multigraph()
    assert list(graph.nodes) == ["a", "b", "end"]
    assert graph.nodes["end"] == {"terminal": True, "initial": 0.0}
    assert graph.nodes["a"] == {"terminal": False, "initial": 1.0}
    edges = {(s, t, d["action"], d["probability"]) for s, t, d in graph.edges(data=True)}
    assert edges == {
        ("a", "a", "toss", 0.25),
        ("a", "b", "toss", 0.75),
        ("a", "b", "go", 1.0),
        ("b", "end", "on", 1.0),
        ("end", "end", "stop", 1.0),
    }


def test_two_actions_to_the_same_state_are_two_edges():
    graph = MDP.from_successors([[0, 0]]).to_networkx()
    assert graph.number_of_edges(0, 0) == 2
    assert graph.nodes[0] == {"terminal": False}
