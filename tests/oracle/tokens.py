"""Makes the vectors that the tests of the text room compare with: python tests/oracle/tokens.py [FOLDER]

FOLDER is tests/text/vectors unless another is given; the same versions give the same files.

vocab.txt      our own word pieces, Latin with and without accents, Greek, Cyrillic, CJK, kana, hangul, emoji
tokens.json    what transformers' BertTokenizer makes of our own sentences, under several settings:
               [{"settings": {tokenizer_config.json}, "cases": [{"note", "text": UTF-8 in hex, "limit",
               "truncated", "ids", "offsets": [[byte begin, byte end], ...]}, ...]}, ...]
corpus.txt     plain lines of our own to learn a vocabulary from
learned_S.txt  the S word pieces learned from them by the plainest algorithm: count all pairs anew for each merge

Sentences keep to code points whose properties have not changed since Unicode 8, which is what the tokenizers
library goes by; utf8proc is newer.
"""

import collections
import json
import pathlib
import sys
import tempfile

from tokenizers import normalizers, pre_tokenizers
from transformers import BertTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
STARTS = (
    "the a an and of is it not no film story scene actor joke ending mood light sound warm cold slow dull "
    "fine never always but very play plays played un re straße strasse cafe café naive élan elan über uber "
    "señor istanbul The Film Élan É Ü İ I A B C Σ σ ς ß ſ ﬁ ﬂ œ æ ø ł ı ŋ θ β Θ Ω ω й и ё е д"
).split()
PIECES = (
    "s ed ing er ly est ness less able ful ay tion é ß í ı ł ø σ ς θ β и й е д ag ary ull ine ight 1 2 3 99 "
    "00 è ü ñ ſ ﬁ"
).split()
SIGNS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~0123456789") + list("…—–“”‘’«»¿¡€£°©™×÷§•")
SCRIPTS = list("我们看電影好不人山水日本語のをがカガ") + ["한", "글", "\u1112", "\u1161", "\u11ab", "שלום", "مرحبا", "नमस", "ก"]
PICTURES = ["😀", "🎬", "👩", "👍", "❤", "\ufe0f"]
MARKS = ["\u0301", "\u0308", "\u0307"]


def vocabulary():
    pieces = SPECIAL + STARTS + ["##" + piece for piece in PIECES] + SIGNS + SCRIPTS + PICTURES + MARKS
    pieces += list(LETTERS) + ["##" + letter for letter in LETTERS] + ["##한", "##\u1161", "##\u11ab", "##👍", "##\u0301", "##\u0307", "##\ufe0f"]
    return list(dict.fromkeys(pieces))


SENTENCES = [
    ("empty", ""),
    ("spaces only", "   \t \n "),
    ("one word", "film"),
    ("plain", "The film is never dull, and its ending plays very well."),
    ("pieces", "unplayable lightless slowness reactors jokingly"),
    ("capitals", "THE FILM IS WARM; The Actor IS NOT"),
    ("punctuation runs", "what?!?! ...no--no (really) \"fine\" #1 @home a_b c/d e\\f {g} <h> ~i~ `j` ^k$"),
    ("apostrophes", "it's the actor's 'fine' joke, isn’t it"),
    ("currency and signs", "costs $5, £6, €7 + 50% = 3 × 4 ÷ 2 §9 ©™ 20°"),
    ("dashes and dots", "slow — very slow… “warm” ‘cold’ «dull» ¿no? ¡not!"),
    ("numbers", "1 12 123 1999 3.14 1,000 2nd 00"),
    ("precomposed accents", "Élan, café, naïve, señor, über, Ångström"),
    ("combining accents", "E\u0301lan, cafe\u0301, nai\u0308ve, sen\u0303or, u\u0308ber"),
    ("stacked marks", "e\u0301\u0308\u0327lan a\u0323\u0307 c\u0327\u0301afe"),
    ("a mark alone", "a \u0301 b \u0308"),
    ("a mark at the start", "\u0301film"),
    ("sharp s", "Straße STRASSE straẞe ß"),
    ("Turkish i", "İstanbul istanbul ISTANBUL ıstanbul Iı İİ"),
    ("ligatures stay", "ﬁne ﬂat ﬁ oﬃce"),
    ("digraphs", "ǅ Ǆ ǆ Ǉ œuvre æther ŋ ł Ł ø Ø đ"),
    ("long s, dotless", "ſ ſlow Ŀ ŉ"),
    ("Greek", "Σ σ ς ΣΑΣ θ β Θεός Ω ohm \u2126 \u03a9"),
    ("Greek tonos and question mark", "καλός\u037e Ά ΐ"),
    ("Cyrillic", "Й й ё Ёе да Д и\u0306"),
    ("Kelvin, angstrom", "\u212a \u212b 20\u212a"),
    ("CJK", "我们看電影 film好 不dull 人,山。水"),
    ("CJK compatibility", "\uf900 \U0002f800 \uf9d0film"),
    ("CJK extension", "\U00020000\U0002a6d6 \U0002a700a"),
    ("kana", "日本語のカガ が か\u3099 ｶﾞ"),
    ("hangul", "한글 \u1112\u1161\u11ab 한a"),
    ("right to left", "שלום film مرحبا שָׁלוֹם"),
    ("bidirectional controls", "film \u202ecba\u202c \u200ffilm\u200e"),
    ("Indic", "नमस्ते की ก้ำ"),
    ("emoji", "fine 😀😀 film👍 🎬."),
    ("emoji sequences", "👩\u200d🎬 ❤\ufe0f 👍🏽 🇩🇪"),
    ("zero width", "fi\u200blm no\u200dt si\u200cght wo\u2060rd \ufefffilm"),
    ("soft hyphen", "end\u00ading"),
    ("no-break spaces", "the\u00a0film\u202fis\u2007fine\u3000now\u2003."),
    ("line and paragraph separators", "a\u2028b\u2029c"),
    ("line ends", "a\r\nb\rc\nd\te\u000bf\u000cg\u0085h"),
    ("NUL inside", "fi\u0000lm a\u0000 b \u0000"),
    ("control characters", "f\u0001i\u0007l\u001bm \u007f a\u009fb"),
    ("replacement character", "fi\ufffdlm \ufffd"),
    ("private use", "a\ue000b \U000f0000"),
    ("not a character", "a\uffffb \U0010ffff"),
    ("special token in text", "the [MASK] is fine"),
    ("special tokens close", "a[MASK]b [SEP][CLS]c[PAD][UNK]"),
    ("special token as ending", "film [SEP]"),
    ("not quite special", "[mask] [MASK [ MASK] [[MASK]] [MA\u200bSK] [SEP"),
    ("brackets", "[the] [film] []"),
    ("continuation spelt out", "##ing play##ed # ## ###"),
    ("unknown letter", "filmж дж ж"),
    ("unknown between", "the Ѫ film Ѭs fine"),
    ("99 characters", "a" * 99 + " film"),
    ("100 characters", "a" * 100 + " film"),
    ("101 characters", "a" * 101 + " film"),
    ("100 characters before folding, fewer after", "é" * 99 + "e\u0301 film"),
    ("100 characters of two code points", "e\u0301" * 100 + " film"),
    ("101 characters of two code points", "e\u0301" * 101 + " film"),
    ("long word cut by punctuation", "a" * 60 + "-" + "a" * 60),
    ("long word of wide characters", "😀" * 101),
    ("300 punctuation marks", "!" * 300),
    ("long text", "the film is warm and the ending plays very well , " * 60),
]

SETTINGS = [
    {},
    {"do_lower_case": False},
    {"do_lower_case": True, "strip_accents": False},
    {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False},
]
LIMIT = 512
TRUNCATIONS = [2, 3, 4, 7, 13]

CORPUS = [
    "The lighthouse keeper lights the light, and the light lights the lighthouse.",
    "Slowly, slowly the slowest of the slow trains slows down.",
    "a warm film, a warmer film, the warmest film of them all",
    "Nobody knew; nobody knows; nobody will ever know!",
    "playing players play, played plays replayed, unplayable plays",
    "banana bananas ananas aaaa aaaaaa",
    "Élan élan ÉLAN naïve naive café cafes",
    "the end of the ending never ends, the endless end",
    "好 film 好 story 人山人海",
    "2001 was 2010 and 2020 was not 2002",
    "",
    "to be or not to be: to see, to sea, too seldom",
    "x" * 101 + " too long a word",
]
LEARNED_SIZES = [40, 100, 1000]


def encode(tokenizer, note, text, limit):
    whole = tokenizer(text)["input_ids"]
    made = tokenizer(text, truncation=True, max_length=limit, return_offsets_mapping=True)
    at = [len(text[:i].encode()) for i in range(len(text) + 1)]
    return {
        "note": note,
        "text": text.encode().hex(),
        "limit": limit,
        "truncated": int(len(whole) > limit),
        "ids": made["input_ids"],
        "offsets": [[at[begin], at[end]] for begin, end in made["offset_mapping"]],
    }


def token_cases(pieces):
    result = []
    for settings in SETTINGS:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "vocab.txt").write_text("".join(piece + "\n" for piece in pieces), encoding="utf-8")
            (path / "tokenizer_config.json").write_text(json.dumps(settings))
            tokenizer = BertTokenizer.from_pretrained(folder)
        cases = [encode(tokenizer, note, text, LIMIT) for note, text in SENTENCES]
        cases += [encode(tokenizer, "truncated", dict(SENTENCES)["plain"], limit) for limit in TRUNCATIONS]
        result.append({"settings": settings, "cases": cases})
    return result


def cut_words(lines):
    """How often each word comes, of at most 100 characters, in the order of first coming."""
    normalizer = normalizers.BertNormalizer()
    cutter = pre_tokenizers.BertPreTokenizer()
    words = collections.Counter()
    for line in lines:
        words.update(word for word, _ in cutter.pre_tokenize_str(normalizer.normalize_str(line)) if len(word) <= 100)
    return words


def learn(lines, size):
    words = cut_words(lines)
    seen = collections.Counter()
    for word, count in words.items():
        for character in word:
            seen[character] += count
    inside = lambda c: c.isalnum() and not "\u4e00" <= c <= "\u9fff"
    chosen, room = [], size - len(SPECIAL)
    for character in sorted(seen, key=lambda c: (-seen[c], c.encode())):
        room -= 1 + inside(character)
        if seen[character] < 2 or room < 0:
            break
        chosen.append(character)
    chosen.sort(key=str.encode)
    pieces = SPECIAL + chosen + ["##" + character for character in chosen if inside(character)]

    spelt = {}
    for word in words:
        spelling = [word[0]] + ["##" + character for character in word[1:]]
        if all(piece in pieces for piece in spelling):
            spelt[word] = spelling
    while len(pieces) < size:
        pairs = collections.Counter()
        for word, spelling in spelt.items():
            for pair in zip(spelling, spelling[1:]):
                pairs[pair] += words[word]
        pairs = {pair: count for pair, count in pairs.items() if count >= 2}
        if not pairs:
            break
        left, right = min(pairs, key=lambda p: (-pairs[p], p[0].encode(), p[1].encode()))
        merged = left + right[2:]
        if merged not in pieces:
            pieces.append(merged)
        for spelling in spelt.values():
            i = 0
            while i + 1 < len(spelling):
                if spelling[i] == left and spelling[i + 1] == right:
                    spelling[i : i + 2] = [merged]
                i += 1
    return pieces


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/text/vectors")
    folder.mkdir(parents=True, exist_ok=True)
    write = lambda name, text: (folder / name).write_text(text, encoding="utf-8", newline="\n")
    pieces = vocabulary()
    write("vocab.txt", "".join(piece + "\n" for piece in pieces))
    lines = []
    for group in token_cases(pieces):
        cases = ",\n".join(json.dumps(case, ensure_ascii=True) for case in group["cases"])
        lines.append('{"settings": %s, "cases": [\n%s\n]}' % (json.dumps(group["settings"]), cases))
    write("tokens.json", "[\n" + ",\n".join(lines) + "\n]\n")
    write("corpus.txt", "".join(line + "\n" for line in CORPUS))
    for size in LEARNED_SIZES:
        write("learned_%d.txt" % size, "".join(piece + "\n" for piece in learn(CORPUS, size)))


if __name__ == "__main__":
    main()
