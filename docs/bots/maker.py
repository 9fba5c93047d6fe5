"""The simplest market maker that is worth running: one host, one market, two
quotes that follow the book. It needs `pip install websockets` and nothing else.

    python3 maker.py ws://127.0.0.1:3000/ws/v1 OWNER MARKET FLOOR [ROUNDS]

It is for `berth serve --open`, where OWNER may be any name. FLOOR is the lowest
price of a unit-hour. It registers a host, follows the market's book, and quotes a
step below the best price of others, never below the floor. When it ends it takes
its quotes back; ROUNDS is after how many quotes.
"""

import asyncio
import json
import sys
from decimal import Decimal
from urllib.request import Request, urlopen

import websockets

STEP = Decimal("0.01")


class Book:
    """The best prices of a market, kept from a snapshot and what changes."""

    def __init__(self):
        self.supply, self.seq = {}, None

    def hear(self, frame):
        if frame["type"] == "snapshot":
            self.supply = {}
        elif frame["prevSeq"] != self.seq:
            raise RuntimeError("a frame is missing: subscribe again")
        self.seq = frame["seq"]
        for level, price, quantity, _ in frame["bids"]:
            if quantity:
                self.supply[level, Decimal(price)] = quantity
            else:
                self.supply.pop((level, Decimal(price)), None)

    def best_of_others(self, own):
        rest = [price for (_, price), quantity in self.supply.items() if quantity > own.get(price, 0)]
        return min(rest, default=None)


class Node:
    """Requests by id over one WebSocket; frames of subscriptions in between."""

    def __init__(self, socket):
        self.socket, self.last, self.frames = socket, 0, []

    async def call(self, method, **params):
        self.last += 1
        await self.socket.send(json.dumps({"id": self.last, "method": method, "params": params}))
        while True:
            frame = json.loads(await self.socket.recv())
            if frame.get("id") == self.last and "ok" in frame:
                if not frame["ok"]:
                    raise RuntimeError(f"{method}: {frame['error']['code']}: {frame['error']['detail']}")
                return frame["result"]
            self.frames.append(frame)

    async def frame(self):
        return self.frames.pop(0) if self.frames else json.loads(await self.socket.recv())


def rest(url, body=None):
    data = json.dumps(body).encode() if body else None
    with urlopen(Request(url, data, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)


def host(api, owner):
    """The bot's host. Its client id makes a repeat answer the same one."""
    resources = {"cpu": 16, "memory": 65536, "storage": 500, "bandwidth": 1000}
    return rest(f"{api}/providers", {
        "address": owner, "resources": resources, "hostname": "maker", "port": 8080, "clientOrderId": "maker-host",
    })


async def make(url, owner, market, floor, rounds):
    api = url.replace("ws://", "http://").replace("/ws/v1", "/api/v1")
    made = host(api, owner)
    provider, address = made["id"], made["address"]
    async with websockets.connect(url, max_size=32 << 20) as socket:
        node, book, own = Node(socket), Book(), {}

        async def quote(prices):
            quotes = [{"providerId": provider, "market": market, "price": str(p), "quantity": 2} for p in prices]
            await node.call("bid.mass", address=address, quoteSetId=1, quotes=quotes)
            own.clear()
            own.update({price: 2 for price in prices})
            print(f"seq {book.seq}: quoting {', '.join(map(str, prices)) or 'nothing'}", flush=True)

        await node.call("subscribe", ch="book", market=market)
        try:
            while rounds != 0:
                frame = await node.frame()
                if frame.get("ch") != "book":
                    continue
                book.hear(frame)
                best = book.best_of_others(own)
                price = max(floor, best - STEP) if best else floor * 2
                if list(own) != [price, price + STEP]:
                    await quote([price, price + STEP])
                    rounds -= 1
        finally:
            await quote([])


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    end = int(sys.argv[5]) if len(sys.argv) == 6 else -1
    asyncio.run(make(sys.argv[1], sys.argv[2], sys.argv[3], Decimal(sys.argv[4]), end))
