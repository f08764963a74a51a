// The requests of an upload: pieces that are not too large, and without rows of zeros where the server takes such (docs/uploads.md).
"use strict";

(() => {
  const KIND = "application/vnd.galeria.sparse";
  const EXTENSION = "sparse";
  const BLOCK = 64 * 1024; // bytes: shorter rows of zeros are sent
  const READ = 4 * 1024 * 1024; // bytes that are looked through at once
  const SPAN = 1024 * 1024 * 1024; // bytes of the file that one piece may cover, so that progress is seen
  const HEAD = 16; // bytes: how many zeros, how many bytes

  function isZero(bytes) {
    return bytes.byteLength % 4 === 0 ? new Uint32Array(bytes).every((word) => word === 0) : new Uint8Array(bytes).every((byte) => byte === 0);
  }

  function head(zeros, length) {
    const view = new DataView(new ArrayBuffer(HEAD));
    view.setBigUint64(0, BigInt(zeros));
    view.setBigUint64(8, BigInt(length));
    return view.buffer;
  }

  // What of `blob` fits into a body of `most` bytes: rows of zeros, each with the place of the bytes behind it.
  async function recordsOf(blob, most) {
    const records = [];
    let zeros = 0;
    let sent = 0;
    let place = 0;
    const room = () => most - sent - HEAD * (records.length + 2); // beside the heads of this record and of zeros at the end
    while (place < blob.size && room() > 0) {
      const start = place;
      const read = await blob.slice(start, start + READ).arrayBuffer();
      while (place < start + read.byteLength && room() > 0) {
        const length = Math.min(BLOCK, start + read.byteLength - place, room());
        const last = records[records.length - 1];
        if (isZero(read.slice(place - start, place - start + length))) {
          zeros += length;
        } else if (last && zeros === 0) {
          last.length += length;
          sent += length;
        } else {
          records.push({ zeros, place, length });
          sent += length;
          zeros = 0;
        }
        place += length;
      }
    }
    if (zeros > 0) {
      records.push({ zeros, place: 0, length: 0 });
    }
    return records;
  }

  // Where in the file the first `loaded` bytes of a body of these records lead to, counted from the piece's beginning.
  function reached(records, loaded) {
    let place = 0;
    let left = loaded;
    for (const each of records) {
      if (left < HEAD) {
        break;
      }
      const part = Math.min(each.length, left - HEAD);
      place += each.zeros + part;
      left -= HEAD + part;
    }
    return place;
  }

  // A request of tus-js-client's, whose headers are kept until its body is known.
  class PieceRequest {
    constructor(inner, pieces) {
      this.inner = inner;
      this.pieces = pieces;
      this.headers = {};
      this.isAborted = false;
    }

    getMethod() {
      return this.inner.getMethod();
    }

    getURL() {
      return this.inner.getURL();
    }

    setHeader(name, value) {
      this.headers[name] = value;
    }

    getHeader(name) {
      return this.headers[name];
    }

    setProgressHandler(handler) {
      this.heard = handler;
    }

    async send(body = null) {
      let content = body;
      let place = (loaded) => loaded;
      if (body && this.getMethod() === "PATCH") {
        content = body.slice(0, this.pieces.most);
        if (this.pieces.takesSparse) {
          const records = await recordsOf(body, this.pieces.most);
          if (records.length > 1 || (records.length === 1 && records[0].zeros > 0)) {
            content = new Blob(records.flatMap((each) => [head(each.zeros, each.length), body.slice(each.place, each.place + each.length)]));
            this.headers["Content-Type"] = KIND;
            place = (loaded) => reached(records, loaded);
          }
        }
      }
      if (this.isAborted) {
        return new Promise(() => {}); // as an aborted request of the browser: nobody hears of it any more
      }
      for (const [name, value] of Object.entries(this.headers)) {
        this.inner.setHeader(name, value);
      }
      this.inner.setProgressHandler((loaded) => this.heard && this.heard(place(loaded)));
      const response = await this.inner.send(content);
      this.pieces.learn(response);
      return response;
    }

    abort() {
      this.isAborted = true;
      return this.inner.abort();
    }

    getUnderlyingObject() {
      return this.inner.getUnderlyingObject();
    }
  }

  // An HTTP stack of tus-js-client. `most` is the largest body, which may be made smaller.
  window.SparsePieces = class {
    constructor(most) {
      this.most = most;
      this.takesSparse = false;
      this.stack = new tus.DefaultHttpStack();
    }

    get span() {
      return SPAN;
    }

    learn(response) {
      const named = response.getHeader("Tus-Extension");
      if (named) {
        this.takesSparse = named.split(",").some((each) => each.trim() === EXTENSION);
      }
    }

    createRequest(method, url) {
      return new PieceRequest(this.stack.createRequest(method, url), this);
    }

    getName() {
      return "SparsePieces";
    }
  };
})();
