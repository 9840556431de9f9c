"""Teachers: the painterly filters that the restyle generator learns its looks from. For training only.

looks is the table; brushes what the filters share; drawings, paintings, prints, films and tilework the filters;
look_words how people ask for a look.
"""
