// Hands in letters: argv is one object of JSON with where, as whom, to whom and how many.
import { createRequire } from "node:module";

const given = JSON.parse(process.argv[2]);
const nodemailer = createRequire(given.modules + "/x.js")("nodemailer");
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: given.port,
  secure: given.secure,
  requireTLS: true,
  tls: { rejectUnauthorized: false, servername: "localhost" },
  auth: { user: given.user, pass: given.password },
  pool: true,
  maxConnections: 3,
});
await transport.verify();
const attachment = Buffer.alloc(300_000, "äb€");
const letters = Array.from({ length: given.count }, (_, number) => ({
  from: `"Jürgen Ä" <${given.user}>`,
  to: given.to,
  subject: `${given.tag} ${number} grüße`,
  text: ".dot\n..two\n€",
  html: "<b>hi</b>",
  attachments: number ? [] : [{ filename: "ä b.bin", content: attachment }],
  dsn: { id: "one", return: "headers", notify: ["failure", "delay"], recipient: given.to },
}));
const done = await Promise.all(letters.map((letter) => transport.sendMail(letter)));
transport.close();
console.log(JSON.stringify(done.map((one) => one.response)));
