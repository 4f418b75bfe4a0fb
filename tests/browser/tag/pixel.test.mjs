import assert from 'node:assert/strict';
import test from 'node:test';

import { DENIED, GRANTED, agreed, openPage, settle } from './page.mjs';

test('a Pixel that is defined after the tag is told once the page has loaded', async () => {
  const { page, record, told, fire } = agreed({ fbq: false });
  page.fbq = record;
  fire('load');

  assert.equal(told()[0][1], 'PageView');
});

test('without a Pixel collect hears all the same', async () => {
  const { names, fire, warnings } = agreed({ fbq: false });
  fire('load');
  await settle();

  assert.deepEqual(names(), ['PageView']);
  assert.deepEqual(warnings, []);
});

test('the Pixel that the tag loads comes with the visitor\'s yes, and not before', async () => {
  const { settled, appended, page } = openPage({ fbq: false, dataset: { pixel: 'load', dataset: '123' } });
  assert.deepEqual(appended, []);
  const id = settled('track', 'Lead');
  settled('consent', GRANTED);

  assert.deepEqual(appended.map(({ name, src, nonce }) => [name, src, nonce]), [
    ['script', 'https://connect.facebook.net/en_US/fbevents.js', 'n0nce'],
  ]);
  const queue = page.fbq.queue.map((words) => words.slice(0, 2));
  assert.deepEqual(queue, [['init', '123'], ['consent', 'grant'], ['track', 'PageView'], ['track', 'Lead']]);
  assert.deepEqual(page.fbq.queue.at(-1).at(-1), { eventID: id });
});

test('Meta\'s script, once there, is called directly', async () => {
  const { settled, page } = agreed({ fbq: false, dataset: { pixel: 'load', dataset: '123' } });
  const called = [];
  page.fbq.callMethod = (...words) => called.push(words[1]);
  settled('track', 'Lead');

  assert.deepEqual(called, ['Lead']);
});

test('a visitor who says no is not asked after by Meta\'s script', async () => {
  const { settled, appended, page } = openPage({ fbq: false, dataset: { pixel: 'load', dataset: '123' } });
  settled('consent', DENIED);

  assert.deepEqual([appended, page.fbq], [[], undefined]);
});

test('a shop that wants no Pixel from us has none, even where there is one', async () => {
  const { settled, pixel } = agreed({ dataset: { pixel: 'none' } });
  settled('track', 'Lead');

  assert.deepEqual(pixel, []);
});

test('the Pixel\'s own page views of a single-page application, which have no id, are switched off', async () => {
  const { page } = agreed();

  assert.equal(page.fbq.disablePushState, true);
});
