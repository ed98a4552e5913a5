// Fastify with its own router and parsers.
const fs = require("node:fs");
const fastify = require("fastify");

const app = fastify({ bodyLimit: 64 * 1024 * 1024 });
const handled = (name, req) => {
  fs.appendFileSync(process.env.ZOO_JOURNAL, `${name} ${req.method} ${req.raw.url}\n`);
  return `zoo-guarded ${name}`;
};
const open = (req) => `public ${req.method} ${req.raw.url} ${req.body?.length ?? 0}`;
const cookie = (req) => new RegExp("(?:^|; *)session=([^;]*)").exec(req.headers.cookie ?? "")?.[1];

app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (req, body, done) => done(null, body));
app.addContentTypeParser("*", { parseAs: "buffer" }, (req, body, done) => done(null, body));
app.all("/account/withdraw", async (req) => handled("withdraw", req));
app.all("/vault/gold", async (req) => handled("gold", req));
app.all("/orders/:id/refund", async (req) => handled("refund", req));
app.post("/account/transfer", async (req) => handled("transfer", req));
app.delete("/account/close", async (req) => handled("close", req));
app.all("/account/open", async (req) => (cookie(req) === "victim" ? handled("open", req) : open(req)));
app.post("/action", async (req) =>
  (new URLSearchParams(typeof req.body === "string" ? req.body : "").getAll("do").includes("pay") ? handled("action", req) : "public action"));
app.all("/menu", async (req) => ([req.query.do].flat().includes("pay") ? handled("menu", req) : open(req)));
app.post("/rpc", async (req) => (req.body?.op === "pay" ? handled("rpc", req) : "public rpc"));
app.all("/told", async (req) =>
  (`${req.headers["stepgate-assertion"]}`.includes("forged") || `${req.headers["x-forwarded-for"]} ${req.headers["x-real-ip"]}`.includes("6.6.6.6")
    ? handled("told", req) : open(req)));
app.setNotFoundHandler(async (req, res) => res.code(200).send(open(req)));
app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
