import assert from 'node:assert/strict';
import test from 'node:test';

import { DENIED, GRANTED, agreed, keptIn, makeStorage, openPage, settle, unreachable } from './page.mjs';

const KNOWN = JSON.stringify({ session: 'session-1', unsent: { e1: [9e9, { events: [{ event_id: 'e1' }] }] } });

test('nothing is sent, told or stored before the visitor answers', async () => {
  const { settled, requests, pixel, page, fire } = openPage();
  settled('track', 'ViewContent');
  await settle();
  fire('pagehide');

  assert.deepEqual([requests, pixel], [[], []]);
  assert.deepEqual(Object.keys(page.localStorage), []);
});

test('what waited goes out when the visitor agrees', async () => {
  const { settled, names, told } = openPage();
  settled('track', 'ViewContent');
  settled('consent', GRANTED);
  await settle();

  assert.deepEqual(names(), ['PageView', 'ViewContent']);
  assert.deepEqual(told().map(([, name]) => name), ['PageView', 'ViewContent']);
});

test('what was said before the tag came is heard, the page view first', async () => {
  const { names } = openPage({ said: [['track', 'Lead'], ['consent', GRANTED]] });
  await settle();

  assert.deepEqual(names(), ['PageView', 'Lead']);
});

test('a refusal is the end of what waited, even if the visitor agrees later', async () => {
  const { settled, names, told } = openPage();
  settled('consent', DENIED);
  settled('consent', GRANTED);
  settled('track', 'AddToCart');
  await settle();

  assert.deepEqual(names(), ['AddToCart']);
  assert.deepEqual(told().map(([, name]) => name), ['AddToCart']);
});

test('a refusal clears what an earlier yes let us store', async () => {
  const localStorage = makeStorage();
  localStorage.settled = KNOWN;
  const { settled } = openPage({ localStorage });
  settled('consent', DENIED);

  assert.deepEqual(Object.keys(localStorage), []);
});

test('a refusal by somebody of whom nothing is known asks for nothing', async () => {
  const { settled, requests, page } = openPage();
  settled('consent', DENIED);
  settled('track', 'ViewContent');
  await settle();

  assert.deepEqual(requests, []);
  assert.deepEqual(Object.keys(page.localStorage), []);
});

test('a yes that becomes a no is told to collect once, without an event', async () => {
  const { settled, bodies } = openPage();
  settled('consent', GRANTED);
  await settle();
  settled('consent', DENIED);
  settled('consent', DENIED);
  settled('track', 'ViewContent');
  await settle();

  assert.equal(bodies().length, 2);
  assert.deepEqual(bodies()[1].events, []);
  assert.equal(bodies()[1].consent.ad_storage, 'denied');
});

for (const [name, options] of [
  ['storage', { localStorage: Object.assign(makeStorage(), { settled: KNOWN }) }],
  ['a cookie of Meta\'s', { cookie: 'a=b; _fbp=fb.1.1700000000000.1' }],
]) {
  test(`in a new tab too a refusal reaches collect, where ${name} betrays a session`, async () => {
    const { settled, bodies } = openPage(options);
    settled('consent', DENIED);
    await settle();

    assert.deepEqual(bodies().map((body) => [body.events, body.consent.ad_storage]), [[[], 'denied']]);
  });
}

test('a refusal that met no network is tried again on the next page', async () => {
  const cookie = '_fbp=fb.1.1700000000000.1';
  const before = openPage({ cookie, collect: { events: [unreachable] } });
  before.settled('consent', DENIED);
  await settle();
  const after = openPage({ cookie });
  after.settled('consent', DENIED);
  await settle();

  assert.deepEqual([before.bodies().length, after.bodies().length], [1, 1]);
});

test('Global Privacy Control outranks the banner', async () => {
  const { settled, requests, told } = openPage({ gpc: true });
  settled('consent', GRANTED);
  settled('track', 'ViewContent');
  await settle();

  assert.deepEqual([requests, told()], [[], []]);
});

test('Global Privacy Control ends the session of an earlier yes', async () => {
  const { bodies } = openPage({ gpc: true, cookie: '_fbp=fb.1.1700000000000.1' });
  await settle();

  assert.deepEqual(bodies().map((body) => [body.events, body.consent]), [[[], { source: 'gpc' }]]);
});

test('leave to store is not leave to tell: collect hears, the Pixel does not', async () => {
  const { settled, names, pixel } = openPage();
  settled('consent', { ...GRANTED, ad_user_data: 'denied' });
  await settle();

  assert.deepEqual(names(), ['PageView']);
  assert.deepEqual(pixel, [['consent', 'revoke']]);
});

test('fbq\'s consent follows the visitor\'s, and is left alone until he answers', async () => {
  const { settled, pixel } = openPage();
  assert.deepEqual(pixel, []);
  settled('consent', GRANTED);
  settled('consent', GRANTED);
  settled('consent', DENIED);

  assert.deepEqual(pixel.filter(([verb]) => verb === 'consent'), [['consent', 'grant'], ['consent', 'revoke']]);
});

test('the request says what was allowed, by whom we know it, and since when', async () => {
  const { settled, bodies } = openPage();
  settled('consent', { ...GRANTED, analytics_storage: 'granted', at: 1_700_000_000 });
  await settle();

  assert.deepEqual(bodies()[0].consent, { ...GRANTED, source: 'api', at: 1_700_000_000 });
});

test('an answer that cannot be read is none', async () => {
  const { settled, requests } = openPage();
  settled('consent', { ad_storage: 'yes', ad_user_data: true });
  settled('consent', 'granted');
  await settle();

  assert.deepEqual(requests, []);
});

test('Consent Mode is heard: a default that denies waits, an update decides', async () => {
  const dataLayer = [['consent', 'default', DENIED]];
  const { names, bodies, requests } = openPage({ dataLayer });
  await settle();
  assert.deepEqual(requests, []);
  dataLayer.push(['consent', 'update', GRANTED]);
  await settle();

  assert.deepEqual(names(), ['PageView']);
  assert.equal(bodies()[0].consent.source, 'consent_mode');
});

test('gtag pushes its arguments, which are no array', async () => {
  const dataLayer = [];
  const { names } = openPage({ dataLayer });
  const gtag = function () {
    dataLayer.push(arguments);
  };
  gtag('js', new Date());
  gtag('consent', 'update', GRANTED);
  await settle();

  assert.deepEqual(names(), ['PageView']);
});

test('an update of Consent Mode that denies is a refusal', async () => {
  const dataLayer = [];
  const { settled, requests } = openPage({ dataLayer });
  dataLayer.push(['consent', 'update', DENIED]);
  settled('consent', GRANTED);
  await settle();

  assert.deepEqual(requests, []);
});

test('a default for the rest of the world grants nothing beside one for some regions', async () => {
  const { requests } = openPage({
    dataLayer: [
      ['consent', 'default', { ...DENIED, region: ['DE'] }],
      ['consent', 'default', GRANTED],
    ],
  });
  await settle();

  assert.deepEqual(requests, []);
});

test('a default for the rest of the world grants nothing before one for some regions either', async () => {
  const { requests } = openPage({
    dataLayer: [
      ['consent', 'default', GRANTED],
      ['consent', 'default', { ...DENIED, region: ['DE'] }],
    ],
  });
  await settle();

  assert.deepEqual(requests, []);
});

test('a default that grants is enough where it is for everybody', async () => {
  const { names } = openPage({ dataLayer: [['consent', 'default', GRANTED]] });
  await settle();

  assert.deepEqual(names(), ['PageView']);
});

test('a default that comes late does not undo an answer', async () => {
  const dataLayer = [];
  const { settled, names } = openPage({ dataLayer });
  settled('consent', GRANTED);
  dataLayer.push(['consent', 'default', DENIED]);
  settled('track', 'ViewContent');
  await settle();

  assert.deepEqual(names(), ['PageView', 'ViewContent']);
});

const purposes = (...granted) => ({ consents: Object.fromEntries(granted.map((n) => [n, true])) });
for (const [name, said, expected] of [
  ['all purposes', { gdprApplies: true, purpose: purposes(1, 2, 3, 4, 7) }, ['granted', 'granted', 'granted']],
  ['storage alone', { gdprApplies: true, purpose: purposes(1) }, ['granted', 'denied', 'denied']],
  ['no personalisation', { gdprApplies: true, purpose: purposes(1, 7) }, ['granted', 'granted', 'denied']],
  ['a land without the GDPR', { gdprApplies: false }, ['granted', 'granted', 'granted']],
]) {
  test(`TCF is heard: ${name}`, async () => {
    const opened = openPage({ tcf: true });
    opened.tcf({ eventStatus: 'tcloaded', ...said }, true);
    await settle();

    const { ad_storage, ad_user_data, ad_personalization, source } = opened.bodies()[0].consent;
    assert.deepEqual([ad_storage, ad_user_data, ad_personalization], expected);
    assert.equal(source, 'tcf');
  });
}

test('while TCF\'s banner is up the question is open, and what is chosen there decides', async () => {
  const opened = openPage({ tcf: true });
  opened.tcf({ eventStatus: 'cmpuishown', gdprApplies: true, purpose: purposes(1, 7) }, true);
  await settle();
  assert.deepEqual(opened.requests, []);
  opened.tcf({ eventStatus: 'useractioncomplete', gdprApplies: true, purpose: purposes() }, true);
  opened.settled('track', 'ViewContent');
  await settle();

  assert.deepEqual(opened.requests, []);
});

test('a consent platform that comes after the tag is heard once the page has loaded', async () => {
  const opened = openPage();
  opened.page.__tcfapi = (command, version, callback) =>
    callback({ eventStatus: 'tcloaded', gdprApplies: true, purpose: purposes(1, 7) }, true);
  opened.fire('load');
  await settle();

  assert.equal(opened.bodies()[0].consent.source, 'tcf');
});

test('a consent platform that cannot answer is no error of the page\'s', async () => {
  const opened = openPage({ tcf: true });
  opened.tcf(null, false);
  opened.tcf({ eventStatus: 'tcloaded', gdprApplies: true }, true);
  await settle();

  assert.deepEqual([opened.requests, opened.warnings.length], [[], 2]);
});

test('a withdrawal while a batch is on its way leaves nothing behind', async () => {
  let answer;
  const inFlight = () => new Promise((resolve) => (answer = resolve));
  const { settled, page } = agreed({ collect: { events: [inFlight] } });
  await settle();
  settled('consent', DENIED);
  answer(new Response(null, { status: 503 }));
  await settle();

  assert.deepEqual(keptIn(page.localStorage), {});
  assert.deepEqual(Object.keys(page.localStorage), []);
});
