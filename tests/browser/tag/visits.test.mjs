import assert from 'node:assert/strict';
import test from 'node:test';

import { GRANTED, agreed, openPage, settle } from './page.mjs';

const viewed = ({ events }) =>
  events().filter((event) => event.event_name === 'PageView').map((event) => event.url);

test('a single-page application\'s addresses are page views, what follows # is none', async () => {
  const opened = agreed({ href: 'https://shop.example/' });
  const { history, location } = opened.page;
  history.pushState({}, '', '/mug');
  history.pushState({}, '', '/mug#reviews');
  history.pushState({}, '', '/mug');
  location.href = 'https://shop.example/';
  opened.fire('popstate');
  await settle();

  assert.deepEqual(viewed(opened), ['https://shop.example/', 'https://shop.example/mug', 'https://shop.example/']);
});

test('a thank-you page that a single-page application shows asks for its release', async () => {
  const opened = agreed();
  opened.page.history.pushState({}, '', '/thanks?session_id=cs_test_b2');
  await settle();

  assert.deepEqual(opened.bodies('release'), [{ checkout_session_id: 'cs_test_b2' }]);
});

test('a page out of the back/forward cache is seen again, one that is new is not', async () => {
  const opened = agreed();
  opened.fire('pageshow', { persisted: false });
  await settle();
  assert.equal(viewed(opened).length, 1);
  opened.fire('pageshow', { persisted: true });
  await settle();

  assert.equal(viewed(opened).length, 2);
});

test('a prerendered page tells nothing until it is seen', async () => {
  const opened = openPage({ prerendering: true });
  opened.settled('consent', GRANTED);
  await settle();
  opened.fire('pagehide');
  assert.deepEqual([opened.requests, opened.pixel], [[], []]);
  assert.deepEqual(Object.keys(opened.page.localStorage), []);
  opened.page.document.prerendering = false;
  opened.fire('prerenderingchange');
  await settle();

  assert.deepEqual(opened.names(), ['PageView']);
});
