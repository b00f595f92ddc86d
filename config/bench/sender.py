"""How fast does a web server take signed webhooks? `python -m config.bench.sender PORT PATH SECONDS CONNECTIONS`.

Messages are signed before the clock runs. Each connection sends, waits for the answer, and sends the next.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import sys
import threading
import time
import uuid

from config.bench.constants import MOST_PER_SECOND, SECRET


def messages(path: str, number: int) -> list[bytes]:
    """So many whole requests, each with an id of its own."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    stamp, run = str(int(time.time())), uuid.uuid4().hex[:8]
    made = []
    for at in range(number):
        message_id = f"msg_{run}_{at}"
        body = json.dumps(
            {
                "event_type": "ACCOUNTING_RECORD_READY_FOR_EXPORT",
                "accountingRecordIds": [f"accr_{run}_{at}"],
                "companyId": "cuacc_bench",
            }
        ).encode()
        digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nWebhook-Id: {message_id}\r\nWebhook-Timestamp: {stamp}\r\n"
            f"Webhook-Signature: v1,{base64.b64encode(digest).decode()}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def send(port: int, mine: list[bytes], until: float, taken: list[float], refused: list[str]) -> None:
    """One connection: send until the time or the messages are over. Answers have no body."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for message in mine:
            began = time.perf_counter()
            if began > until:
                return
            peer.sendall(message)
            answer = b""
            while not is_whole(answer):
                more = peer.recv(4096)
                if not more:
                    refused.append("closed")
                    return
                answer += more
            if answer[9:12] == b"202":
                taken.append(time.perf_counter() - began)
            else:
                refused.append(answer[:40].decode(errors="replace"))


def is_whole(answer: bytes) -> bool:
    """Whether an answer without a body has come to its end."""
    head, ended, body = answer.partition(b"\r\n\r\n")
    return bool(ended) and (b"chunked" not in head or body == b"0\r\n\r\n")


def main(port: int, path: str, seconds: float, connections: int) -> None:
    made = messages(path, int(MOST_PER_SECOND * seconds))
    taken: list[float] = []
    refused: list[str] = []
    print("ready", flush=True)  # noqa: T201 - it speaks to the process that started it
    sys.stdin.readline()
    began = time.perf_counter()
    threads = [
        threading.Thread(target=send, args=(port, made[at::connections], began + seconds, taken, refused))
        for at in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - began
    slow = sorted(taken)[int(len(taken) * 0.99)] if taken else 0.0
    told = {"taken": len(taken), "seconds": passed, "p99": slow, "refused": refused[:3]}
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
