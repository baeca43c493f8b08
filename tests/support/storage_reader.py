"""Reads published states; written from `docs/storage-format.md` alone by one who had not seen the product's code."""

import json
import struct
import zlib
from collections import namedtuple
from contextlib import contextmanager
from hashlib import sha256

Served = namedtuple("Served", "external_item_id content_hash title removed_at fields bytes length document pack")
Row = namedtuple("Row", "place number offset length items bytes oldest hash")
OWNERS = (("runs", "run"), ("index", "gen"), ("index", "era"))
KINDS = [(top, who, what) for top, who in OWNERS for what in ("pack", "index")]
KINDS += [(top, who, "segment") for top, who in OWNERS]
FIELDS = ("title", "content", "contentType", "url", "language", "tags", "metadata")
ALPHABET, NOTHING, GONE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", bytes(32), 255
EMPTY_HASH = sha256(b"empty\0").hexdigest()


@contextmanager
def asserting():
    try:
        yield
    except Exception as error:
        raise AssertionError(*error.args) from error


def need(condition, message):
    if not condition:
        raise AssertionError(message)


def inflate(raw, wbits):
    data = (stream := zlib.decompressobj(wbits)).decompress(raw)
    need(stream.eof and not stream.unused_data, "not one whole stream")
    return data


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def ulid(raw):
    return "".join(ALPHABET[int.from_bytes(raw, "big") >> shift & 31] for shift in range(125, -1, -5))


class StoredState:
    @asserting()
    def __init__(self, read, key, digest, leaf_entries=32):
        self._read, self._cache, self.leaf_entries, self._owner = read, {}, leaf_entries, key.split("/")[1:3]
        self.digest, (m, size) = digest, self._manifest(key, digest)
        based, base, self.member_bytes, self.index_bytes, rooted = struct.unpack_from("<B32sQQB", m)
        need(based < 2 and rooted < 2 and (based or base == NOTHING), "manifest: a flag is wrong")
        need(self._key(m[50:85]) == key and (not rooted or m[85] in (1, 129)), "manifest: own name or root's place")
        self.base_digest, at = base.hex() if based else None, 85 + 61 * rooted
        self.root = Row(*struct.unpack_from("<BIIIIQI32s", m, 85)) if rooted else None
        self.root_hash = self.root.hash.hex() if rooted else EMPTY_HASH
        (full, offset), at, rows = struct.unpack_from("<II", m, at), at + 8 + 35 * any(m[at : at + 4]), b""
        where = self._block(self._key(m[at - 35 : at]), offset, full * 39 + 8, "directory of names") if full else b""
        for name, offset in struct.iter_unpack("<35sI", where):
            block = bytes([GONE, *bytes(70)]) * 32
            if name != block[:35] or offset:
                block = self._block(self._key(name), offset, 32 * 71 + 8, "block of names")
                need(any(kind != GONE for kind in block[::71]), "block of names: lies somewhere, but all are gone")
            rows += block
        (count, replaces), at, self.segments = struct.unpack_from("<HB", m, at), at + 3, None
        need(replaces < 2 and (count <= 250 or count == 65535), "manifest: segments")
        if count != 65535:
            some = [struct.unpack("<35s32s8s4sIIIB", m[at + 92 * n : at + 92 * n + 92]) for n in range(count)]
            at, self.segments = at + 92 * count, [(self._key(name), d.hex(), *rest) for name, d, *rest in some]
        need((len(m) - 38 - at) // 71 < 32, "manifest: too many open rows of names")
        rows = [struct.unpack("<35sI32s", row) for (row,) in struct.iter_unpack("71s", rows + m[at:-38])]
        need(
            all(n[0] != GONE or (not any(n[1:] + d) and size == 0) for n, size, d in rows), "names: gone, yet described"
        )
        self.names = [(self._key(name), size, digest.hex()) for name, size, digest in rows] + [(key, size, digest)]

    def _object(self, key, what):
        need(key and what in key, f"{key or 'something that is gone'}: is used as {what}")
        return self._cache.get(key) or self._cache.setdefault(key, self._read(key))

    def _manifest(self, key, digest):
        whole = self._object(key, "/index-")
        length = int.from_bytes(whole[-6:-4], "little")
        need(
            whole[-4:] == b"KBI2" and 134 <= length <= min(3075 + 92 * 250, len(whole)),
            f"{key}: format or length of manifest",
        )
        need(sha256(manifest := whole[-length:]).hexdigest() == digest, f"{key}: manifest is not what its digest says")
        need(sha256(whole[:-length]).digest() == manifest[-38:-6], f"{key}: is not what its manifest says")
        return manifest, len(whole)

    def _key(self, name):
        (top, who, what), number = KINDS[name[0] % GONE], int.from_bytes(name[33:], "little")
        place = "/".join((top, *self._owner, f"{who}_{ulid(name[1:17])}", f"att_{ulid(name[17:33])}"))
        return f"{place}/{what}-{number:04}" if name[0] != GONE else None

    def _block(self, key, offset, length, what):
        block = self._object(key, "/index-")[offset : offset + length]
        need(len(block) == length > 8 and sha256(block[:-8]).digest()[:8] == block[-8:], f"{what}: check")
        return block[:-8]

    @asserting()
    def entries(self):
        self._served, self._spent = [], 0
        if self.root:
            self._node(self.root, "")
        sums = (sum(entry.length for entry in self._served), self._spent)
        need(sums == (self.member_bytes, self.index_bytes), "member_bytes or index_bytes are not true")
        return self._served

    def _node(self, row, path):
        first, what = len(self._served), f"node at {path or 'the root'}"
        self._spent += row.length
        block = self._block(self.names[row.number][0], row.offset, row.length, what)
        if row.place < 128:
            merkle = self._leaf(block, path, what)
        else:
            rows = [Row(*fields) for fields in struct.iter_unpack("<BIIIIQI32s", block)][::-1]
            merkle = self._walk(rows, 1, path)
            need(not rows and len(path) in range(0, 64, 4), f"{what}: depth, or a row that does not belong there")
        under = self._served[first:]
        oldest = min((entry.removed_at // 1000 for entry in under if entry.removed_at), default=0)
        need(merkle == row.hash, f"{what}: Merkle hash")
        need((len(under), sum(e.bytes for e in under), oldest) == (row.items, row.bytes, row.oldest), f"{what}: sums")
        need(under and (len(under) <= self.leaf_entries) == (row.place < 128), f"{what}: shape")

    def _walk(self, rows, place, path):  # takes the rows under a place of a block, from left to right
        if place > 1 and rows and rows[-1].place in (place, place + 128 * (place > 15)):
            self._node(row := rows.pop(), path)
            return row.hash
        before = len(self._served)
        pair = b"".join(self._walk(rows, place * 2 + bit, path + str(bit)) for bit in (0, 1) if place < 16)
        count = len(self._served) - before
        need(count == 0 or count > self.leaf_entries, f"node at {path}: should be a leaf")
        return sha256(b"node\0" + pair).digest() if count else NOTHING

    def _leaf(self, b, path, what):
        n, timed, codes = b[0], b[1], [b[2] >> i & 3 for i in (0, 2, 4, 6)]
        hashes, at, columns, prints = [b[3 + i * 32 : 35 + i * 32] for i in range(n)], 3 + n * 32, [], []
        for code in codes + [3] * timed:
            columns.append(struct.unpack_from(f"<{n}{'BHIQ'[code]}", b, at))
            at += n << code
        least = [sum(max(column) >> bits > 0 for bits in (8, 16)) for column in columns[:4]]
        need(
            codes == least and (timed == 0 or (timed == 1 and any(columns[4]))), f"{what}: width of a column, or times"
        )
        for _ in range(n):
            prints.append(b[at : at + 1 + 4 * b[at].bit_count()])
            at += len(prints[-1])
        ids, titles = json.loads(inflate(b[at:], 15))
        need(len(ids) == len(titles) == n and ids == sorted(set(ids)), f"{what}: ids")
        for item in zip(ids, hashes, titles, columns[4] if timed else [0] * n, prints, *columns[:4], strict=False):
            self._served.append(self._member(path, *item))
        joined = "\n".join(ids).encode()
        return sha256(b"leaf\0" + struct.pack(">I", len(joined)) + joined + b"".join(hashes)).digest()

    def _member(self, path, item, digest, title, removed, prints, pack, offset, length, size):
        bits = f"{int.from_bytes(sha256(item.encode()).digest(), 'big'):0256b}"
        need(bits.startswith(path) and "\n" not in item, f"{item}: does not lie under its path")
        raw = self._object(self.names[pack][0], "/pack-")[offset : offset + length]
        need(len(raw) == length and raw[4:8] == bytes(4), f"{item}: not a member of time 0")
        need(sha256((text := inflate(raw, 31))[:-1]).digest() == digest, f"{item}: content hash")
        need(canonical(doc := json.loads(text)) + b"\n" == text, f"{item}: not canonical JSON")
        told = (doc["externalItemId"], doc["title"], len(doc["content"].encode()))
        need(told == (item, title, size), f"{item}: not what its leaf says")
        there = {1 << bit: sha256(canonical(doc[f])).digest()[:4] for bit, f in enumerate(FIELDS) if f in doc}
        need(bytes([sum(there)]) + b"".join(there.values()) == prints, f"{item}: fingerprints")
        return Served(item, digest.hex(), title, removed or None, prints, size, length, doc, pack)

    @asserting()
    def check_named(self):
        for key, size, digest in [name for name in self.names if name[0]]:
            whole = self._object(key, "/")
            known = self._manifest(key, digest) if "/index-" in key else sha256(whole).hexdigest() == digest
            need(known and len(whole) == size, f"{key}: digest or size")
