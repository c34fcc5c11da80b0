"""Looking inside nets: what features tell, how alike two nets are, which filters work when and what they look for.

Everything works on any `Thinker`, whose features are those of its state after each iteration, and on any other torch
module, whose features are the outputs of its layers, by their names (dissertation, section 3.5).
"""
