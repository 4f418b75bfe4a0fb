import assert from 'node:assert/strict';
import test from 'node:test';

import { GRANTED, answering, makeStorage, openPage, queued, settle, unreachable } from './page.mjs';

const agreed = (options) => {
  const opened = openPage(options);
  opened.settled('consent', GRANTED);
  return opened;
};

test('Pixel and collect hear of an event under one id, which the page is told', async () => {
  const { settled, bodies, pixel } = agreed();
  const id = settled('track', 'AddToCart', { value: 49, currency: 'EUR' });
  await settle();

  const sent = bodies().flatMap((body) => body.events).find((e) => e.event_name === 'AddToCart');
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(sent.event_id, id);
  assert.deepEqual(sent.custom_data, { value: 49, currency: 'EUR' });
  assert.deepEqual(pixel.at(-1), ['track', 'AddToCart', { value: 49, currency: 'EUR' }, { eventID: id }]);
});

test('an id of the shop is kept', async () => {
  const { settled, pixel } = agreed();

  assert.equal(settled('track', 'Lead', {}, { event_id: 'lead-7' }), 'lead-7');
  assert.deepEqual(pixel.at(-1).at(-1), { eventID: 'lead-7' });
});

test('a name that is not Meta\'s goes as a custom event', async () => {
  const { settled, pixel } = agreed();
  settled('track', 'SizeChart');

  assert.equal(pixel.at(-1)[0], 'trackCustom');
});

test('a Pixel that is defined after the tag is told once the page has loaded', async () => {
  const { page, record, pixel, heard } = agreed({ fbq: false, readyState: 'loading' });
  page.fbq = record;
  heard.load();

  assert.equal(pixel[0][1], 'PageView');
});

test('Purchase is refused with a warning, in whatever spelling, and nothing is thrown', async () => {
  const { settled, names, pixel, warnings } = agreed();
  assert.equal(settled('track', ' PURCHASE '), undefined);
  await settle();

  assert.deepEqual(names(), ['PageView']);
  assert.equal(pixel.length, 1);
  assert.equal(warnings.length, 1);
});

test('what makes no sense is a warning, never an error in the page', async () => {
  const { settled, warnings, names } = agreed();
  const circular = {};
  circular.self = circular;
  settled('track', 'Lead', circular);
  settled('nonsense');
  settled('consent');
  settled('session', () => {
    throw new Error('the shop\'s own');
  });
  await settle();

  assert.equal(warnings.length, 3);
  assert.deepEqual(names(), ['PageView']);
});

test('a request needs no preflight and outlives its page', async () => {
  const { requests } = agreed();
  await settle();

  const [{ url, options, body }] = requests;
  assert.equal(url, 'https://shop.example/s/events');
  assert.deepEqual(options, { method: 'POST', keepalive: true, credentials: 'include' });
  assert.equal(body.page.url, 'https://shop.example/mug?fbclid=IwAR0x');
  assert.equal(body.events[0].referrer, 'https://www.facebook.com/');
  assert.ok(!('event_time' in body.events[0]));
});

test('the second request waits for the answer to the first', async () => {
  let answer;
  const first = () => new Promise((resolve) => (answer = () => resolve(queued()())));
  const { settled, bodies, names } = agreed({ collect: { events: [first, queued()] } });
  await settle();
  settled('track', 'ViewContent');
  settled('track', 'AddToCart');
  await settle();
  assert.equal(bodies().length, 1);
  answer();
  await settle();

  assert.equal(bodies().length, 2);
  assert.deepEqual(names(), ['PageView', 'ViewContent', 'AddToCart']);
});

test('a batch that collect could not queue is sent again whole, now with its time', async () => {
  const { bodies, elapse, page } = agreed({ collect: { events: [answering(503, {}), queued()] } });
  await settle();
  assert.equal(page.localStorage.items.size, 1);
  await elapse();

  const [before, after] = bodies();
  const { event_time, ...event } = after.events[0];
  assert.deepEqual([event], before.events);
  assert.ok(Number.isInteger(event_time) && event_time < 1e11);
  assert.equal(page.localStorage.items.size, 0);
});

test('a batch that met no network is kept for the next page', async () => {
  const localStorage = makeStorage();
  const before = agreed({ localStorage, collect: { events: [unreachable] } });
  await settle();
  const after = agreed({ localStorage, href: 'https://shop.example/cart' });
  await settle();

  const [lost] = before.bodies()[0].events;
  assert.deepEqual(after.bodies().map((body) => body.events.length), [1, 1]);
  assert.equal(after.bodies()[1].events[0].event_id, lost.event_id);
  assert.equal(after.bodies()[1].events[0].url, lost.url);
});

test('the pauses between retries grow, and one pause is under way at a time', async () => {
  const { settled, elapse } = agreed({ collect: { events: [unreachable] } });
  await settle();
  settled('track', 'ViewContent');
  await settle();

  assert.deepEqual([await elapse(), await elapse(), await elapse()], [[2000], [4000], [8000]]);
});

test('where nothing can be stored a batch is kept as long as the page lives', async () => {
  const { bodies, elapse } = agreed({
    localStorage: makeStorage(true),
    collect: { events: [answering(503, {}), queued()] },
  });
  await settle();
  await elapse();
  await elapse();

  assert.equal(bodies().length, 2);
});

test('a batch that collect refuses is dropped, and the developer is told why', async () => {
  const { page, timers, warnings } = agreed({ collect: { events: [answering(422, { error: 'bad_value' })] } });
  await settle();

  assert.equal(page.localStorage.items.size, 0);
  assert.deepEqual(timers, []);
  assert.deepEqual(warnings, [['settled:', { error: 'bad_value' }]]);
});

test('only so much is kept for a shop that is long away', async () => {
  const localStorage = makeStorage();
  const { settled } = agreed({ localStorage, collect: { events: [unreachable] } });
  for (let i = 0; i < 30; i += 1) {
    settled('track', 'ViewContent');
    await settle();
  }

  assert.equal(JSON.parse(localStorage.getItem('settled_unsent')).length, 20);
});

test('of a page that goes before it has a session, the rest is left to the next page', async () => {
  const { settled, heard, bodies, page } = agreed({ collect: { events: [() => new Promise(() => {})] } });
  await settle();
  settled('track', 'AddToCart');
  await settle();
  heard.pagehide({ type: 'pagehide' });

  assert.equal(bodies().length, 1);
  const [[left]] = JSON.parse(page.localStorage.getItem('settled_unsent'));
  assert.equal(left.event_name, 'AddToCart');
});

test('of a page that goes and has a session, the rest goes with it', async () => {
  const sessionStorage = makeStorage();
  sessionStorage.setItem('settled_session', '"session-1"');
  const { settled, heard, names } = agreed({
    sessionStorage,
    collect: { events: [() => new Promise(() => {})] },
  });
  await settle();
  settled('track', 'AddToCart');
  heard.pagehide({ type: 'pagehide' });

  assert.deepEqual(names(), ['PageView', 'AddToCart']);
});

test('what a page breaks off as it goes is left to keepalive, lest it be sent twice', async () => {
  let breakOff;
  const inFlight = () => new Promise((_, reject) => (breakOff = () => reject(new TypeError())));
  const { heard, page, timers } = agreed({ collect: { events: [inFlight] } });
  await settle();
  heard.pagehide({ type: 'pagehide' });
  breakOff();
  await settle();

  assert.equal(page.localStorage.items.size, 0);
  assert.deepEqual(timers, []);
});

test('a page that comes back keeps again what met no network', async () => {
  const { settled, heard, page } = agreed({ collect: { events: [queued(), unreachable] } });
  await settle();
  heard.pagehide({ type: 'pagehide' });
  settled('track', 'ViewContent');
  await settle();

  assert.equal(JSON.parse(page.localStorage.getItem('settled_unsent')).length, 1);
});

test('a shop learns its session when it is known, and at once on the next page', async () => {
  const [given, sessionStorage] = [[], makeStorage()];
  const { settled } = agreed({ sessionStorage });
  settled('session', (id) => given.push(id));
  assert.deepEqual(given, []);
  await settle();
  assert.deepEqual(given, ['session-1']);

  const next = agreed({ sessionStorage, collect: { events: [unreachable] } });
  next.settled('session', (id) => given.push(id));
  assert.deepEqual(given, ['session-1', 'session-1']);
});

test('a session is not given away before the visitor has answered on this page', async () => {
  const [given, sessionStorage] = [[], makeStorage()];
  sessionStorage.setItem('settled_session', '"session-1"');
  const { settled } = openPage({ sessionStorage });
  settled('session', (id) => given.push(id));

  assert.deepEqual(given, []);
});

test('a browser without randomUUID still gets an id that collect accepts', async () => {
  const opened = openPage();
  opened.page.crypto = { getRandomValues: (array) => globalThis.crypto.getRandomValues(array) };

  assert.match(opened.settled('track', 'Lead'), /^[A-Za-z0-9._:-]{1,100}$/);
});
