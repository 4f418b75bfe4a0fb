import assert from 'node:assert/strict';
import test from 'node:test';

import { DENIED, GRANTED, makeStorage, openPage, settle } from './page.mjs';

test('nothing is sent, told or stored before the visitor answers', async () => {
  const { settled, requests, pixel, page, heard } = openPage();
  settled('track', 'ViewContent');
  await settle();
  heard.pagehide({ type: 'pagehide' });

  assert.deepEqual([requests, pixel], [[], []]);
  assert.equal(page.localStorage.items.size + page.sessionStorage.items.size, 0);
});

test('what waited goes out when the visitor agrees', async () => {
  const { settled, names, pixel } = openPage();
  settled('track', 'ViewContent');
  settled('consent', GRANTED);
  await settle();

  assert.deepEqual(names(), ['PageView', 'ViewContent']);
  assert.deepEqual(pixel.map(([, name]) => name), ['PageView', 'ViewContent']);
});

test('a refusal is the end of what waited, even if the visitor agrees later', async () => {
  const { settled, names, pixel } = openPage();
  settled('consent', DENIED);
  settled('consent', GRANTED);
  settled('track', 'AddToCart');
  await settle();

  assert.deepEqual(names(), ['AddToCart']);
  assert.deepEqual(pixel.map(([, name]) => name), ['AddToCart']);
});

test('a refusal clears what an earlier yes let us store', async () => {
  const [localStorage, sessionStorage] = [makeStorage(), makeStorage()];
  localStorage.setItem('settled_unsent', '[[{"event_id":"e1"}]]');
  sessionStorage.setItem('settled_session', '"session-1"');
  const { settled } = openPage({ localStorage, sessionStorage });
  settled('consent', DENIED);

  assert.equal(localStorage.items.size + sessionStorage.items.size, 0);
});

test('a yes that becomes a no is told to collect once, which then forgets the session', async () => {
  const { settled, bodies, names } = openPage();
  settled('consent', GRANTED);
  await settle();
  settled('consent', DENIED);
  settled('consent', DENIED);
  await settle();

  assert.deepEqual(names(), ['PageView', 'ConsentWithdrawn']);
  assert.equal(bodies().at(-1).consent.ad_storage, 'denied');
});

test('Global Privacy Control outranks the banner', async () => {
  const { settled, requests, pixel } = openPage({ gpc: true });
  settled('consent', GRANTED);
  settled('track', 'ViewContent');
  await settle();

  assert.deepEqual([requests, pixel], [[], []]);
});

test('leave to store is not leave to tell: collect hears, the Pixel does not', async () => {
  const { settled, names, pixel } = openPage();
  settled('consent', { ...GRANTED, ad_user_data: 'denied' });
  await settle();

  assert.deepEqual(names(), ['PageView']);
  assert.deepEqual(pixel, []);
});

test('the request says what was allowed, by whom we know it, and since when', async () => {
  const { settled, bodies } = openPage();
  settled('consent', { ...GRANTED, analytics_storage: 'granted', at: 1_700_000_000 });
  await settle();

  assert.deepEqual(bodies()[0].consent, { ...GRANTED, source: 'api', at: 1_700_000_000 });
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
  assert.equal(dataLayer.length, 2);
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
