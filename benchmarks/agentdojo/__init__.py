"""Hijacked agents before the guard: ``python -m benchmarks.agentdojo`` measures and writes docs/guard-security.md.

The tasks, the environments and the checks are those of the AgentDojo package; its ground-truth calls are
played by a script, so no model is needed and every run gives the same figures.

*Source:* E. Debenedetti et al. 2024, "AgentDojo: a dynamic environment to evaluate prompt injection attacks
and defenses for LLM agents", NeurIPS datasets and benchmarks.
"""
