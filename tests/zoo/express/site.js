// Express with the middleware that lets a request name another method.
const fs = require("node:fs");
const express = require("express");
const methodOverride = require("method-override");

const app = express();
const handled = (name) => (req, res) => {
  fs.appendFileSync(process.env.ZOO_JOURNAL, `${name} ${req.method} ${req.originalUrl}\n`);
  res.send(`zoo-guarded ${name}`);
};
const open = (req, res) => {
  let size = 0;
  req.on("data", (piece) => { size += piece.length; });
  req.on("end", () => res.type("text").send(`public ${req.method} ${req.originalUrl} ${size}`));
};
const paying = (value) => value === "pay" || (Array.isArray(value) && value.includes("pay"));
const cookie = (req) => Object.fromEntries((req.headers.cookie ?? "").split(";").reverse()
  .map((pair) => pair.trim().split("=")).filter((pair) => pair.length > 1));

app.use(methodOverride("X-HTTP-Method-Override"), methodOverride("_method"));
app.all("/account/withdraw", handled("withdraw"));
app.all("/vault/gold", handled("gold"));
app.all("/orders/:id/refund", handled("refund"));
app.post("/account/transfer", handled("transfer"));
app.all("/account/order", (req, res) =>
  (["GET", "HEAD"].includes(req.method) ? open(req, res) : handled("order")(req, res)));
app.delete("/account/close", handled("close"));
app.all("/account/open", (req, res) => (cookie(req).session === "victim" ? handled("open")(req, res) : open(req, res)));
app.post("/action", express.urlencoded({ extended: true }), (req, res) =>
  (paying(req.body?.do) ? handled("action")(req, res) : res.send("public action")));
app.all("/menu", (req, res) => (paying(req.query.do) ? handled("menu")(req, res) : open(req, res)));
app.post("/rpc", express.json(), (req, res) =>
  (req.body?.op === "pay" ? handled("rpc")(req, res) : res.send("public rpc")));
app.all("/told", (req, res) =>
  (req.get("Stepgate-Assertion")?.includes("forged") || req.get("X-Forwarded-For")?.includes("6.6.6.6")
    || req.get("X-Real-IP")?.includes("6.6.6.6") ? handled("told")(req, res) : open(req, res)));
app.use(open);
app.listen(Number(process.argv[2]), "127.0.0.1");
