// Asks for the second factor in the site's own page, then lets the page's request go on (docs/client.md).
// What is served is client.min.js, which script/client makes of this.
(() => {
  const home = new URL(document.currentScript.src).origin, real = fetch, Xhr = XMLHttpRequest;
  const words = {
    en: ["Confirm it is you", "Confirm", "Cancel", "Send code", "Sent to ", "Use a separate page",
      "Wrong code", "Wait, in seconds: ", "Expired. Begin again", "Try again",
      { app: "Authenticator code", sms: "SMS code", backup_code: "Backup code" }],
    id: ["Pastikan ini Anda", "Konfirmasi", "Batal", "Kirim kode", "Dikirim ke ", "Pakai halaman terpisah",
      "Kode salah", "Tunggu, dalam detik: ", "Kedaluwarsa. Mulai lagi", "Coba lagi",
      { app: "Kode autentikator", sms: "Kode SMS", backup_code: "Kode cadangan" }],
  };
  const el = (name, set, ...inner) => {
    const made = Object.assign(document.createElement(name), set);
    made.append(...inner);
    return made;
  };
  const ours = (url) => new URL(url, document.baseURI).origin === home;
  const isProblem = (status, type) => status === 401 && /problem\+json/.test(type);
  // The events of an XMLHttpRequest; those from the second on say that it is done.
  const events = ["loadstart", "readystatechange", "load", "loadend"];
  // The problem document, if it asks for a factor that the player has.
  const asks = async (text) => {
    try {
      const found = JSON.parse(await text());
      return /:second-factor-required$/.test(found.type) && found.challenge.methods[0] && found;
    } catch {}
  };

  // What the right answer gave, `{approval, stamp}`; nothing where the player cancelled.
  const dialog = ({ require, challenge: { id, verify, methods, details } }, auth) => new Promise((done) => {
    const lang = /^id\b/i.test(document.documentElement.lang || navigator.language) ? "id" : "en", say = words[lang];
    const api = home + verify.slice(0, -7), page = api.replace("/api/challenges/", "/challenge/");
    const channel = new BroadcastChannel("stepgate:" + id);
    let method, given;
    const finish = (answer) => {
      if (!answer) return;
      given = answer;
      box.close();
    };
    const post = async (path, body) => {
      try {
        const answer = await real(api + path, {
          method: "POST", credentials: "include", headers: { ...auth, "Content-Type": "application/json" },
          body: JSON.stringify({ method, ...body }),
        });
        if (answer.ok) return answer.json();
        said.data = { 410: say[8], 422: say[6], 429: say[7] + answer.headers.get("Retry-After") }[answer.status] || say[9];
      } catch {
        said.data = say[9];
      }
      code.select();
    };
    const use = (way) => {
      method = way;
      name.data = say[10][way];
      code.inputMode = way === "backup_code" ? "text" : "numeric";
      code.value = said.data = "";
      send.hidden = way !== "sms";
      ways.forEach((one, at) => one.hidden = methods[at] === way);
      code.focus();
    };
    const button = (text, onclick) => el("button", { type: "button", onclick }, text);
    const code = el("input", { name: "code", autocomplete: "one-time-code", required: true });
    const name = new Text(), said = new Text();
    const send = button(say[3], async () => {
      const sent = await post("/send");
      if (sent) said.data = say[4] + sent.sms_to;
      code.focus();
    });
    const ways = methods.map((way) => button(say[10][way], () => use(way)));
    const box = el("dialog", {
      className: "stepgate", lang, ariaLabel: say[0],
      onclose() {
        box.remove();
        channel.close();
        done(given);
      },
    }, el("form", {
      async onsubmit(event) {
        event.preventDefault();
        finish(await post("/verify", { code: code.value }));
      },
    }, el("h2", {}, say[0]), el("dl", {}, ...details.flatMap((one) => [el("dt", {}, one.label), el("dd", {}, one.value)])),
    el("label", {}, name, code), el("p", { role: "alert" }, said), el("button", {}, say[1]), send, ...ways,
    require === "once" ? el("a", { href: page, target: "_blank" }, say[5]) : "", button(say[2], () => box.close())));
    // Our own page says so when it was answered there.
    channel.onmessage = (event) => finish({ approval: event.data });
    document.body.append(box);
    box.showModal();
    use(methods[0]);
  });

  // One dialog at a time. Who waited behind one that passed tries again first, unless each request needs its own.
  let turn = Promise.resolve(), passed = 0;
  const prove = async (text, auth) => {
    const found = await asks(text), seen = passed;
    if (!found) return;
    turn = turn.then(() => found.require !== "once" && passed > seen ? {} : dialog(found, auth)).catch(() => {});
    const given = await turn;
    if (given) passed++;
    return given;
  };
  const lines = ({ approval, stamp }) =>
    Object.entries({ "Stepgate-Approval": approval, "Stepgate-Stamp": stamp }).filter((line) => line[1]);

  window.fetch = async (input, init) => {
    if (!ours(input.url ?? input)) return real(input, init);
    let request = new Request(input, init);
    for (;;) {
      const again = request.clone(), answer = await real(request), Authorization = again.headers.get("Authorization");
      if (!isProblem(answer.status, answer.headers.get("Content-Type"))) return answer;
      const given = await prove(() => answer.clone().text(), Authorization && { Authorization });
      if (!given) return answer;
      request = again;
      lines(given).forEach((line) => request.headers.set(...line));
    }
  };

  window.XMLHttpRequest = class extends Xhr {
    // `#free`: events pass. `#quiet`: it is being sent again.
    #how; #lines; #body; #free; #quiet;
    constructor() {
      super();
      events.forEach((name) => this.addEventListener(name, (event) => {
        const held = !this.#free && isProblem(this.status, this.getResponseHeader("Content-Type"));
        if (held || this.#quiet) event.stopImmediatePropagation();
        if (held && name === "loadend") this.#ask();
      }));
    }
    open(...how) {
      this.#how = how;
      this.#lines = [];
      this.#free = !ours(how[1]) || (how.length > 2 && !how[2]);
      super.open(...how);
    }
    setRequestHeader(...line) {
      super.setRequestHeader(...line);
      this.#lines.push(line);
    }
    async send(body) {
      this.#body = body;
      // Else its boundary would be another one the second time.
      if (body instanceof FormData && !this.#free) {
        const fixed = new Response(body);
        this.setRequestHeader("Content-Type", fixed.headers.get("Content-Type"));
        this.#body = await fixed.arrayBuffer();
      }
      super.send(this.#body);
    }
    async #ask() {
      const text = () => new Response(this.responseType === "json" ? JSON.stringify(this.response) : this.response).text();
      const auth = this.#lines.filter((line) => /^authorization$/i.test(line[0]));
      const given = await prove(text, Object.fromEntries(auth));
      // It was ended or begun anew meanwhile.
      if (this.readyState !== 4) return;
      if (!given) {
        this.#free = true;
        return events.slice(1).forEach((name) => this.dispatchEvent(new ProgressEvent(name)));
      }
      this.#quiet = true;
      super.open(...this.#how);
      [...this.#lines, ...lines(given)].forEach((line) => super.setRequestHeader(...line));
      super.send(this.#body);
      this.#quiet = false;
    }
  };
})();
