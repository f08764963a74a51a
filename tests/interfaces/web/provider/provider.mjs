// A real provider of OpenID Connect on loopback, for tests: node provider.mjs FOLDER_WITH_OIDC_PROVIDER
// It tells its issuer in one line of JSON, and ends when its input ends. POST /control changes it while it runs:
//   endpoint   of the relying party, whose addresses become those of the client
//   rotate     signs with a new key, and publishes only that one
//   lie        publishes a key that it does not sign with
//   unverified people whose e-mail address is not verified
//   claims     by person, what the provider says of them instead; null leaves a claim out
//   issuer     where it is reached, when a proxy stands before it
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const { Provider } = await import(pathToFileURL(`${process.argv[2]}/oidc-provider/lib/index.js`));
const settings = { endpoint: "http://127.0.0.1:1", lie: false, unverified: [], claims: {}, issuer: "" };
let key = newKey();
let issuer;
let answer;

function newKey() {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = randomUUID();
  return {
    own: { ...pair.privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" },
    published: { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" },
  };
}

function account(_context, id) {
  const claims = {
    sub: `subject-of-${id}`,
    preferred_username: id,
    name: `${id[0].toUpperCase()}${id.slice(1)} Souza`,
    email: `${id}@example.org`,
    email_verified: !settings.unverified.includes(id),
    ...settings.claims[id],
  };
  const said = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
  return { accountId: id, claims: () => said };
}

function provide() {
  const provider = new Provider(settings.issuer || issuer, {
    clients: [
      {
        client_id: "galeria",
        client_secret: "a secret & more",
        redirect_uris: [`${settings.endpoint}/sign-in/external/back`],
        post_logout_redirect_uris: [`${settings.endpoint}/sign-in`],
      },
    ],
    claims: { profile: ["preferred_username", "name"], email: ["email", "email_verified"] },
    cookies: { keys: ["only for tests"] },
    features: { rpInitiatedLogout: { enabled: true } },
    findAccount: account,
    jwks: { keys: [key.own] },
    pkce: { required: () => true },
  });
  answer = provider.callback();
}

async function control(request, response) {
  let body = "";
  for await (const piece of request) {
    body += piece;
  }
  const { rotate, ...changed } = JSON.parse(body);
  Object.assign(settings, changed);
  key = rotate ? newKey() : key;
  provide();
  response.writeHead(204).end();
}

const server = createServer((request, response) => {
  if (request.url === "/control") {
    control(request, response);
  } else if (request.url === "/jwks" && settings.lie) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: [{ ...newKey().published, kid: key.own.kid }] }));
  } else {
    answer(request, response);
  }
});
server.listen(0, "127.0.0.1", () => {
  issuer = `http://localhost:${server.address().port}`;
  provide();
  console.log(JSON.stringify({ issuer }));
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
