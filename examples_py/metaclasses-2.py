class Codec:
    by_suffix = {}

    def __init_subclass__(cls, suffix, **rest):
        super().__init_subclass__(**rest)
        Codec.by_suffix[suffix] = cls


class Png(Codec, suffix=".png"):
    pass


class Gif(Codec, suffix=".gif"):
    pass


print(sorted(Codec.by_suffix))            # ['.gif', '.png']
print(Codec.by_suffix[".png"].__name__)   # => Png
