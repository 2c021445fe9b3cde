// Messages of npm's samlp: reads what to sign on standard input, prints metadata and messages.
const crypto = require("crypto");
const fs = require("fs");
const samlp = require("samlp");

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const certificate = fs.readFileSync(asked.certificate, "utf8");
const key = fs.readFileSync(asked.key, "utf8");
const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const address = asked.email;

class Mapper {
  constructor() {
    this.metadata = [{ id: claims + "emailaddress" }];
  }
  getClaims() {
    return { [claims + "emailaddress"]: address, [claims + "name"]: address };
  }
  getNameIdentifier() {
    return { nameIdentifier: address };
  }
}
const mapper = () => new Mapper();
mapper.prototype = { metadata: [] };

function message(options) {
  return new Promise((resolve, reject) => {
    const all = {
      issuer: asked.issuer,
      audience: asked.audience,
      recipient: asked.acs,
      destination: asked.acs,
      cert: certificate,
      key,
      signatureAlgorithm: "rsa-sha256",
      digestAlgorithm: "sha256",
      lifetimeInSeconds: 300,
      nameIdentifierFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
      profileMapper: mapper,
      ...options,
    };
    samlp.getSamlResponse(all, { id: address, emails: [{ value: address }] }, (error, xml) =>
      error ? reject(error) : resolve(xml.toString())
    );
  });
}

function metadata() {
  return new Promise((resolve) => {
    const handler = samlp.metadata({
      issuer: asked.issuer,
      cert: certificate,
      redirectEndpointPath: "/sso",
      postEndpointPath: "/sso",
      profileMapper: mapper,
    });
    const request = { headers: { host: "samlp.example" }, get: () => undefined, protocol: "https", connection: {}, originalUrl: "/metadata", url: "/metadata" };
    handler(request, { set() {}, send: resolve });
  });
}

(async () => {
  const responses = { "assertion signed": [], "response signed": [] };
  for (let made = 0; made < (asked.count || 1); made++) {
    responses["assertion signed"].push(await message({ signResponse: false }));
    responses["response signed"].push(await message({ signResponse: true }));
  }
  const key = crypto.createPublicKey(asked.ours).export({ type: "spki", format: "pem" });
  const sealed = { encryptionCert: asked.ours, encryptionPublicKey: key };
  const encrypted = {
    "assertion signed": await message({ signResponse: false, ...sealed }),
    "response signed": await message({ signResponse: true, ...sealed }),
  };
  console.log(JSON.stringify({ metadata: await metadata(), responses, encrypted }));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
