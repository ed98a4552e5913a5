// Koa with its router.
const fs = require("node:fs");
const Koa = require("koa");
const Router = require("@koa/router");

const app = new Koa();
const router = new Router();
const handled = (ctx, name) => {
  fs.appendFileSync(process.env.ZOO_JOURNAL, `${name} ${ctx.method} ${ctx.url}\n`);
  ctx.body = `zoo-guarded ${name}`;
};
const text = async (ctx) => {
  const pieces = [];
  for await (const piece of ctx.req) pieces.push(piece);
  return Buffer.concat(pieces);
};
const open = async (ctx) => { ctx.body = `public ${ctx.method} ${ctx.url} ${(await text(ctx)).length}`; };

router.all("/account/withdraw", (ctx) => handled(ctx, "withdraw"));
router.all("/vault/gold", (ctx) => handled(ctx, "gold"));
router.all("/orders/:id/refund", (ctx) => handled(ctx, "refund"));
router.post("/account/transfer", (ctx) => handled(ctx, "transfer"));
router.delete("/account/close", (ctx) => handled(ctx, "close"));
router.all("/account/open", (ctx) => (ctx.cookies.get("session") === "victim" ? handled(ctx, "open") : open(ctx)));
router.post("/action", async (ctx) => {
  const form = new URLSearchParams((await text(ctx)).toString());
  return form.getAll("do").includes("pay") ? handled(ctx, "action") : (ctx.body = "public action");
});
router.all("/menu", (ctx) => ([ctx.query.do].flat().includes("pay") ? handled(ctx, "menu") : open(ctx)));
router.post("/rpc", async (ctx) => {
  let op;
  try { op = JSON.parse((await text(ctx)).toString()).op; } catch { op = "none"; }
  return op === "pay" ? handled(ctx, "rpc") : (ctx.body = "public rpc");
});
router.all("/told", (ctx) =>
  (ctx.get("Stepgate-Assertion").includes("forged") || `${ctx.get("X-Forwarded-For")} ${ctx.get("X-Real-IP")}`.includes("6.6.6.6")
    ? handled(ctx, "told") : open(ctx)));
app.use(router.routes());
app.use(open);
app.listen(Number(process.argv[2]), "127.0.0.1");
