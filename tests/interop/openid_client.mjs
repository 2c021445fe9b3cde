// An application behind that is npm's openid-client: a line of JSON is a call, its answer is another.
import { createRequire } from "node:module";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

// NODE_PATH is for `require` alone.
const place = createRequire(import.meta.url).resolve("openid-client");
const openid = await import(pathToFileURL(place));

let config, callback, checks;

const calls = {
  async discover({ issuer, client_id, client_secret, redirect_uri, id_token_alg }) {
    const metadata = { client_secret, id_token_signed_response_alg: id_token_alg };
    // Everything here is on the loopback address, without TLS.
    const execute = [openid.allowInsecureRequests, openid.enableNonRepudiationChecks];
    config = await openid.discovery(new URL(issuer), client_id, metadata, undefined, { execute });
    callback = redirect_uri;
    return config.serverMetadata();
  },
  async begin(more) {
    const verifier = openid.randomPKCECodeVerifier();
    const state = openid.randomState();
    const nonce = openid.randomNonce();
    const maxAge = more.max_age === undefined ? undefined : Number(more.max_age);
    checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, maxAge };
    return openid.buildAuthorizationUrl(config, {
      redirect_uri: callback,
      scope: "openid email profile",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
      ...more,
    }).href;
  },
  async finish({ location, verifier }) {
    const expected = verifier ? { ...checks, pkceCodeVerifier: verifier } : checks;
    const tokens = await openid.authorizationCodeGrant(config, new URL(location), expected);
    return { ...tokens, claims: tokens.claims() };
  },
  async userinfo({ token, sub }) {
    return openid.fetchUserInfo(config, token, sub);
  },
  async refresh({ token }) {
    const tokens = await openid.refreshTokenGrant(config, token);
    return { ...tokens, claims: tokens.claims() };
  },
  async introspect({ token }) {
    return openid.tokenIntrospection(config, token);
  },
  async revoke({ token }) {
    await openid.tokenRevocation(config, token);
  },
  async logout(parameters) {
    return openid.buildEndSessionUrl(config, parameters).href;
  },
};

// The code of an error answer is in one place, that of a challenge in another.
const code = (error) =>
  error.error ?? (Array.isArray(error.cause) ? error.cause[0]?.parameters?.error : undefined) ?? `${error.code} ${error.message}`;

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { call, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { done: (await calls[call](given)) ?? null };
  } catch (error) {
    answer = { refused: code(error) };
  }
  console.log(JSON.stringify(answer));
}
