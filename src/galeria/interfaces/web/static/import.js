// Sends a disk file by tus, so that a closed tab, a sleeping computer or a broken line cost nothing that has arrived.
"use strict";

(() => {
  const section = document.getElementById("import");
  if (!section) {
    return;
  }
  const texts = section.dataset;
  const language = document.documentElement.lang;
  const find = (id) => document.getElementById(id);
  const PIECE = 16 * 1024 * 1024; // bytes of one request: the most that is sent twice
  const LEAST_PIECE = 256 * 1024; // bytes; a proxy on the way that takes not even these has to be set otherwise
  const LONGEST_NAME = 255; // characters that the server keeps of a name
  const PAUSE = 3000; // milliseconds before a broken line is tried again
  const SILENCE = 45000; // milliseconds without a byte, after which the line counts as broken: a computer slept
  const WINDOW = 10000; // milliseconds that the rate is taken from
  const AGAIN = new Set([409, 423, 429, 460, 500, 502, 503, 504]);

  let sending = null; // { upload, pieces, file, heard, samples, continued, timer, watch, answered }

  section.hidden = false;
  for (const each of document.querySelectorAll(".again")) {
    each.hidden = false;
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function size(bytes) {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
    let unit = 0;
    let value = bytes;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit += 1;
    }
    const digits = value < 100 && unit > 0 ? 1 : 0;
    const style = { style: "unit", unit: units[unit], unitDisplay: "short", maximumFractionDigits: digits };
    return new Intl.NumberFormat(language, style).format(value);
  }

  function time(seconds) {
    const number = (value, unit) =>
      new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(value);
    if (seconds < 90) {
      return number(Math.ceil(seconds / 5) * 5, "second");
    }
    return seconds < 5400 ? number(Math.ceil(seconds / 60), "minute") : number(Math.ceil(seconds / 3600), "hour");
  }

  // A file's name as the server shows it: see shown_name in actions/storage/uploads.py.
  function shownName(name) {
    const last = name.trim().replace(/[/\\]+$/, "").split(/[/\\]/).pop();
    const clean = last.normalize("NFC").replace(/\p{C}/gu, "").trim();
    if (["", ".", ".."].includes(clean)) {
      return "unnamed";
    }
    const characters = Array.from(clean);
    if (characters.length <= LONGEST_NAME) {
      return clean;
    }
    return `${characters.slice(0, LONGEST_NAME - 17).join("")}…${characters.slice(-16).join("")}`;
  }

  function status(text) {
    const place = find("import-status");
    if (place.textContent !== text) {
      place.textContent = text;
    }
  }

  function problem(text) {
    const place = find("import-problem");
    place.textContent = text;
    place.hidden = text === "";
  }

  function showProgress(done, total) {
    const now = Date.now();
    const { samples } = sending;
    if (samples.length && done < samples[samples.length - 1][1]) {
      samples.length = 0; // what was on the way did not arrive
    }
    samples.push([now, done]);
    while (samples.length > 2 && now - samples[0][0] > WINDOW) {
      samples.shift();
    }
    const [since, before] = samples[0];
    const rate = now > since ? ((done - before) * 1000) / (now - since) : 0;
    const parts = [fill(texts.facts, { done: size(done), total: size(total) })];
    if (rate > 0) {
      parts.push(fill(texts.rate, { rate: size(rate) }), fill(texts.left, { time: time((total - done) / rate) }));
    }
    find("sending-progress").value = (done / total) * 100;
    find("sending-facts").textContent = parts.join(" · ");
  }

  function heard() {
    sending.heard = Date.now();
    status(fill(sending.continued ? texts.continuing : texts.sending, { name: sending.file.name }));
  }

  function ended() {
    sending = null;
    find("sending").hidden = true;
    find("drop").hidden = false;
    status("");
  }

  // What the server says about a refusal: a sentence and what to do about it.
  function saying(response) {
    try {
      const { message, hint } = JSON.parse(response.getBody()).error;
      return `${message} ${hint}`;
    } catch {
      return "";
    }
  }

  function failed(error) {
    const response = error.originalResponse;
    const code = response ? response.getStatus() : 0;
    if (code === 413 && !saying(response)) {
      smaller(); // a proxy on the way refused it: the server's own refusals say something
      return;
    }
    if (code === 0 || AGAIN.has(code)) {
      if (code === 0 && error.originalRequest && error.originalRequest.getMethod() === "PATCH") {
        sending.pieces.most = Math.max(LEAST_PIECE, sending.pieces.most / 2); // some proxies close the line on what is too large
      }
      status(texts.lost);
      const said = code === 503 && response ? saying(response) : "";
      problem(said);
      sending.timer = setTimeout(() => proceed(), PAUSE);
      return;
    }
    const words = { 401: texts.signedOut, 403: texts.refused };
    const text = words[code] || (response && saying(response)) || String(error);
    ended();
    problem(text);
  }

  function smaller() {
    if (sending.pieces.most <= LEAST_PIECE) {
      ended();
      problem(fill(texts.proxy, { size: size(LEAST_PIECE), wanted: size(PIECE) }));
      return;
    }
    sending.pieces.most = Math.max(LEAST_PIECE, sending.pieces.most / 4);
    proceed();
  }

  function proceed() {
    clearTimeout(sending.timer);
    sending.timer = null;
    sending.heard = Date.now();
    sending.upload.start();
  }

  async function resume() {
    await sending.upload.abort();
    proceed();
  }

  // Where an upload is continued is forgotten only with the upload itself, and not because somebody is signed out.
  const places = tus.defaultOptions.urlStorage;
  const memory = {
    findAllUploads: () => places.findAllUploads(),
    findUploadsByFingerprint: (fingerprint) => places.findUploadsByFingerprint(fingerprint),
    addUpload: (fingerprint, upload) => places.addUpload(fingerprint, upload),
    removeUpload: (key) =>
      sending && (sending.answered === 401 || sending.answered === 403) ? Promise.resolve() : places.removeUpload(key),
  };

  async function begin(file, place) {
    if (sending) {
      return;
    }
    problem("");
    if (file.size === 0 || file.size > Number(texts.limit)) {
      problem(file.size ? fill(texts.tooLarge, { size: size(Number(texts.limit)) }) : texts.empty);
      return;
    }
    const pieces = new SparsePieces(PIECE);
    const upload = new tus.Upload(file, {
      httpStack: pieces,
      endpoint: texts.endpoint,
      uploadUrl: place,
      headers: { "X-CSRF-Token": texts.csrf },
      metadata: { filename: file.name },
      chunkSize: pieces.span, // the stack takes of it what fits into a piece
      retryDelays: [0, 500, 1000, 2000],
      removeFingerprintOnSuccess: true,
      urlStorage: memory,
      onAfterResponse: (_request, response) => {
        if (sending) {
          sending.answered = response.getStatus();
        }
      },
      onProgress: (done, total) => {
        problem("");
        heard();
        showProgress(done, total);
      },
      onError: failed,
      onSuccess: () => {
        status(texts.complete);
        const id = sending.upload.url.replace(/\/+$/, "").split("/").pop();
        clearInterval(sending.watch);
        location.assign(`/import/${id}${texts.query}`);
      },
    });
    sending = { upload, pieces, file, heard: Date.now(), samples: [], continued: Boolean(place) };
    if (!place) {
      const earlier = await upload.findPreviousUploads();
      if (earlier.length) {
        upload.resumeFromPreviousUpload(earlier[0]);
        sending.continued = true;
      }
    }
    sending.watch = setInterval(() => {
      if (sending && !sending.timer && Date.now() - sending.heard > SILENCE) {
        resume();
      }
    }, 5000);
    find("drop").hidden = true;
    find("sending").hidden = false;
    find("sending-name").textContent = file.name;
    heard();
    proceed();
  }

  function again(input) {
    const [file] = input.files;
    const { upload, name } = input.dataset;
    const bytes = Number(input.dataset.size);
    input.value = "";
    if (!file || sending) {
      return;
    }
    if (shownName(file.name) !== name || file.size !== bytes) {
      problem(fill(texts.other, { name, size: size(bytes) }));
      return;
    }
    section.scrollIntoView();
    begin(file, `${texts.endpoint}/${upload}`);
  }

  document.addEventListener("change", (event) => {
    if (event.target.id === "file" && event.target.files.length) {
      begin(event.target.files[0]);
    } else if (event.target.dataset.upload) {
      again(event.target);
    }
  });

  find("stop").addEventListener("click", async () => {
    await sending.upload.abort();
    location.reload();
  });

  window.addEventListener("online", () => {
    if (sending && sending.timer) {
      proceed();
    }
  });

  // Files may be dropped anywhere on the page.
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (event.dataTransfer.types.includes("Files")) {
        event.preventDefault();
        find("drop").classList.add("over");
      }
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
      find("drop").classList.remove("over");
    }
  });
  document.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) {
      event.preventDefault();
      find("drop").classList.remove("over");
      begin(event.dataTransfer.files[0]);
    }
  });
})();
