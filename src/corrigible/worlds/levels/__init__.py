"""The levels of the literature, by name. One file a level, or a family of them.

Each is a world like those of `corrigible.worlds.catalogue`, at its published map and dynamics, and says besides what
it pays and what it is judged by (`corrigible.worlds.level.LevelPlace`).
"""

FILES: dict[str, str] = {
    "safe-interruptibility": "safe_interruptibility",
    "sokoban": "sokoban",
    "absent-supervisor": "absent_supervisor",
    "boat-race": "boat_race",
    "tomato-watering": "tomato_watering",
    "whisky-gold": "whisky_gold",
    "lava-shift": "lava_shift",
    "friend-or-foe": "friend_or_foe",
    "island-navigation": "island_navigation",
    "options": "options",
    "damage": "damage",
    "correction": "correction",
    "offset": "conveyor_vase:OFFSET",
    "interference": "interference",
    "conveyor-vase": "conveyor_vase",
    "conveyor-sushi": "conveyor_sushi",
    "conveyor-sushi-goal": "conveyor_sushi:WITH_GOAL",
    "conveyor-sushi-goal-2": "conveyor_sushi:WITH_GOAL_2",
    "aup-vase": "aup_vase",
    "burning": "burning",
    "survival": "survival",
    "vase-mini": "vase_mini",
    "sushi-mini": "sushi_mini",
    "button": "button",
    "button-bet": "button:BETTING_WORLD",
    "interruption-chain": "interruption_chain",
    "mona-mini": "mona_mini",
    "induced-shift": "induced_shift",
    "coin-corridor": "coin_corridor",
    "keys-and-chests": "keys_and_chests",
    "cheese-corner": "cheese_corner",
    "monsters": "monsters",
}
"""For each name its file, and after a colon the object in it where that is not ``WORLD``."""
