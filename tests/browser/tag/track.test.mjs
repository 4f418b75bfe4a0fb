import assert from 'node:assert/strict';
import test from 'node:test';

import { GRANTED, agreed, answering, closed, keptIn, makeStorage, openPage, queued, settle, unreachable } from './page.mjs';

const unsentIn = (storage) => Object.values(keptIn(storage).unsent ?? {});
const NOW = () => Math.floor(Date.now() / 1000);

test('Pixel, collect and dataLayer hear of an event under one id, which the page is told', async () => {
  const dataLayer = [];
  const { settled, events, told } = agreed({ dataLayer });
  const id = settled('track', 'AddToCart', { value: 49, currency: 'EUR' });
  await settle();

  const sent = events().find((event) => event.event_name === 'AddToCart');
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(sent.event_id, id);
  assert.deepEqual(sent.custom_data, { value: 49, currency: 'EUR' });
  assert.deepEqual(told().at(-1), ['track', 'AddToCart', { value: 49, currency: 'EUR' }, { eventID: id }]);
  assert.deepEqual(dataLayer.at(-1), { event: 'settled.event', event_name: 'AddToCart', event_id: id });
});

test('an id of the shop is kept', async () => {
  const { settled, told } = agreed();

  assert.equal(settled('track', 'Lead', {}, { event_id: 'lead-7' }), 'lead-7');
  assert.deepEqual(told().at(-1).at(-1), { eventID: 'lead-7' });
});

test('a name that is not Meta\'s goes as a custom event', async () => {
  const { settled, told } = agreed();
  settled('track', 'SizeChart');

  assert.equal(told().at(-1)[0], 'trackCustom');
});

test('Purchase is refused with a warning, in whatever spelling, and nothing is thrown', async () => {
  const { settled, names, told, warnings } = agreed();
  assert.equal(settled('track', ' PURCHASE '), undefined);
  await settle();

  assert.deepEqual(names(), ['PageView']);
  assert.equal(told().length, 1);
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

  assert.equal(warnings.length, 4);
  assert.deepEqual(names(), ['PageView']);
});

test('a Pixel or a dataLayer that throws does not stop the tag', async () => {
  const opened = agreed();
  opened.page.fbq = () => {
    throw new Error('fbq');
  };
  opened.settled('track', 'Lead');
  opened.page.dataLayer.push(null, 7, () => {}, ['consent'], { event: 7 });
  await settle();

  assert.deepEqual(opened.names(), ['PageView', 'Lead']);
});

test('a value without a currency takes the page\'s, or is left out', async () => {
  const known = agreed({ dataset: { currency: 'EUR' } });
  known.settled('track', 'Lead', { value: 5 });
  const unknown = agreed();
  unknown.settled('track', 'Lead', { value: 5 });
  await settle();

  assert.deepEqual(known.events().at(-1).custom_data, { value: 5, currency: 'EUR' });
  assert.deepEqual(unknown.events().at(-1).custom_data, {});
});

test('a request needs no preflight and outlives its page', async () => {
  const { requests } = agreed();
  await settle();

  const [{ url, options, body }] = requests;
  assert.equal(url, 'https://shop.example/s/events');
  assert.deepEqual(options, { method: 'POST', keepalive: true, credentials: 'include' });
  assert.equal(body.page.url, 'https://shop.example/mug?fbclid=IwAR0x');
  assert.equal(body.events[0].referrer, 'https://www.facebook.com/');
});

test('what one script says goes in one request, what happens meanwhile in the next', async () => {
  let answer;
  const first = () => new Promise((resolve) => (answer = () => resolve(queued()())));
  const { settled, bodies } = agreed({ collect: { events: [first, queued()] } });
  settled('track', 'ViewContent');
  await settle();
  settled('track', 'AddToCart');
  settled('track', 'Lead');
  await settle();
  assert.equal(bodies().length, 1);
  answer();
  await settle();

  assert.deepEqual(
    bodies().map((body) => body.events.map((event) => event.event_name)),
    [['PageView', 'ViewContent'], ['AddToCart', 'Lead']],
  );
});

test('a thousand events in a loop all arrive, in order, in batches that collect takes', async () => {
  const { settled, events, bodies, elapse } = agreed();
  const ids = Array.from({ length: 999 }, () => settled('track', 'ViewContent'));
  for (let sent = -1; events().length !== sent; await elapse()) sent = events().length;

  assert.deepEqual(events().slice(1).map((event) => event.event_id), ids);
  assert.ok(bodies().every((body) => body.events.length <= 20));
});

test('a batch that collect could not queue is sent again, byte for byte', async () => {
  const { settled, requests, elapse, page } = agreed({ collect: { events: [answering(503, {}), queued()] } });
  await settle();
  settled('track', 'AddToCart');
  await settle();
  await elapse();

  assert.equal(requests[1].text, requests[0].text);
  assert.deepEqual(requests[2].body.events.map((event) => event.event_name), ['AddToCart']);
  assert.deepEqual(unsentIn(page.localStorage), []);
});

test('a young event names no time, an old one its own', async () => {
  const localStorage = makeStorage();
  const batch = (id, event_time) => [9e9, { events: [{ event_id: id, event_time }], consent: GRANTED }];
  const old = NOW() - 3 * 3600;
  localStorage.settled = JSON.stringify({ unsent: { old: batch('old', old), young: batch('young', NOW()) } });
  const { events } = agreed({ localStorage });
  await settle();

  const times = Object.fromEntries(events().map(({ event_id, event_time }) => [event_id, event_time]));
  assert.deepEqual([times.old, times.young], [old, undefined]);
});

test('a batch that met no network is kept for the next page, whole', async () => {
  const localStorage = makeStorage();
  const before = agreed({ localStorage, collect: { events: [unreachable] } });
  await settle();
  const after = agreed({ localStorage, href: 'https://shop.example/cart' });
  await settle();

  assert.equal(after.requests[0].text, before.requests[0].text);
  assert.equal(after.bodies()[1].page.url, 'https://shop.example/cart');
});

test('of a batch that may have arrived no task\'s name is left after an hour: it is given up', async () => {
  const localStorage = makeStorage();
  agreed({ localStorage, collect: { events: [unreachable] } });
  await settle();
  const state = keptIn(localStorage);
  const [id, [until, body]] = Object.entries(state.unsent)[0];
  assert.ok(until - NOW() <= 3600, `${until}`);
  localStorage.settled = JSON.stringify({ ...state, unsent: { [id]: [NOW() - 1, body] } });
  const after = agreed({ localStorage });
  await settle();

  assert.ok(!after.events().some((event) => event.event_id === id));
});

test('a batch that collect said not to have taken may wait for days', async () => {
  const { page } = agreed({ collect: { events: [answering(503, {})] } });
  await settle();

  assert.deepEqual(unsentIn(page.localStorage).map(([until]) => until), [9e9]);
});

test('offline nothing is tried, and what waited goes out when the network is back', async () => {
  const opened = openPage();
  opened.page.navigator.onLine = false;
  opened.settled('consent', GRANTED);
  await settle();
  opened.fire('pagehide');
  assert.deepEqual(opened.requests, []);
  assert.deepEqual(unsentIn(opened.page.localStorage).map(([until]) => until), [9e9]);
  opened.page.navigator.onLine = true;
  opened.fire('online');
  await settle();

  assert.deepEqual(opened.names(), ['PageView']);
});

test('the pauses between retries grow, and one pause is under way at a time', async () => {
  const { settled, elapse } = agreed({ collect: { events: [unreachable] } });
  await settle();
  settled('track', 'ViewContent');
  await settle();

  assert.deepEqual([await elapse(), await elapse(), await elapse()], [[2000], [4000], [8000]]);
});

for (const [name, localStorage] of [['full', makeStorage(true)], ['closed', closed]]) {
  test(`where storage is ${name} a batch is kept as long as the page lives`, async () => {
    const { bodies, elapse, warnings } = agreed({
      localStorage,
      collect: { events: [answering(503, {}), queued()] },
    });
    await settle();
    await elapse();
    await elapse();

    assert.equal(bodies().length, 2);
    assert.deepEqual(warnings, []);
  });
}

test('a batch that collect refuses is dropped, and the developer is told why', async () => {
  const { page, timers, warnings } = agreed({ collect: { events: [answering(422, { error: 'bad_value' })] } });
  await settle();

  assert.deepEqual(unsentIn(page.localStorage), []);
  assert.deepEqual(timers, []);
  assert.deepEqual(warnings, [['settled:', { error: 'bad_value' }]]);
});

test('only so much is kept for a shop that is long away', async () => {
  const localStorage = makeStorage();
  for (let i = 0; i < 60; i += 1) {
    agreed({ localStorage, collect: { events: [answering(503, {})] } });
    await settle();
  }

  assert.equal(unsentIn(localStorage).length, 50);
});

for (const occasion of ['pagehide', 'visibilitychange']) {
  test(`on ${occasion} the rest goes at once, and stays noted until it is answered`, async () => {
    const localStorage = makeStorage();
    localStorage.settled = JSON.stringify({ session: 'session-1' });
    const { settled, fire, names } = agreed({ localStorage, collect: { events: [() => new Promise(() => {})] } });
    await settle();
    settled('track', 'AddToCart');
    fire(occasion);

    assert.deepEqual(names(), ['PageView', 'AddToCart']);
    assert.equal(unsentIn(localStorage).length, 2);
  });
}

test('of a page that goes before it has a session, the rest is left to the next page', async () => {
  const { settled, fire, bodies, page } = agreed({ collect: { events: [() => new Promise(() => {})] } });
  await settle();
  settled('track', 'AddToCart');
  fire('pagehide');

  assert.equal(bodies().length, 1);
  assert.deepEqual(unsentIn(page.localStorage).map(([until]) => until === 9e9), [false, true]);
});

test('a click is written down before its page can go', async () => {
  const { settled, page } = agreed({ collect: { events: [queued(), () => new Promise(() => {})] } });
  await settle();
  settled('track', 'AddToCart');
  await Promise.resolve();
  await Promise.resolve();

  assert.deepEqual(unsentIn(page.localStorage)[0][1].events[0].event_name, 'AddToCart');
});

test('a shop learns its session when it is known, and at once on the next page', async () => {
  const [given, localStorage] = [[], makeStorage()];
  const { settled } = agreed({ localStorage });
  settled('session', (id) => given.push(id));
  assert.deepEqual(given, []);
  await settle();
  assert.deepEqual(given, ['session-1']);

  const next = agreed({ localStorage, collect: { events: [unreachable] } });
  next.settled('session', (id) => given.push(id));
  assert.deepEqual(given, ['session-1', 'session-1']);
});

test('a session is not given away before the visitor has answered on this page', async () => {
  const [given, localStorage] = [[], makeStorage()];
  localStorage.settled = '{"session":"session-1"}';
  const { settled } = openPage({ localStorage });
  settled('session', (id) => given.push(id));

  assert.deepEqual(given, []);
});

test('a browser without randomUUID still gets an id that collect accepts', async () => {
  const opened = openPage();
  opened.page.crypto = {};

  assert.match(opened.settled('track', 'Lead'), /^[A-Za-z0-9._:-]{1,100}$/);
});

test('a page that carries the script twice has one page view', async () => {
  const first = agreed();
  await settle();
  const { settled } = first.page;

  assert.ok(settled.isStarted);
  assert.deepEqual(first.names(), ['PageView']);
});
