"""How key results stand: progress, pace, health. Pure; never from closed tickets."""
