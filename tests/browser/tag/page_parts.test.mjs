import assert from 'node:assert/strict';
import test from 'node:test';

import { GRANTED, agreed, openPage, settle, until } from './page.mjs';

const link = (href) => ({
  url: new URL(href),
  get href() {
    return this.url.href;
  },
  get outerHTML() {
    return `<a href="${this.url.href.replaceAll('&', '&amp;')}">`;
  },
  get search() {
    return this.url.search;
  },
  set search(search) {
    this.url.search = search;
  },
});
const component = (attributes = {}) => ({
  attributes,
  get outerHTML() {
    return `<stripe-buy-button ${Object.keys(attributes)}>`;
  },
  setAttribute: (name, value) => (attributes[name] = value),
});

test('the session goes into Payment Links, buy buttons and pricing tables', async () => {
  const elements = [
    link('https://buy.stripe.com/test_a'),
    link('https://buy.stripe.com/test_b?prefilled_email=ada%40example.org'),
    component(),
  ];
  agreed({ elements });
  await settle();

  assert.equal(elements[0].href, 'https://buy.stripe.com/test_a?client_reference_id=session-1');
  assert.equal(
    elements[1].href,
    'https://buy.stripe.com/test_b?prefilled_email=ada%40example.org&client_reference_id=session-1',
  );
  assert.deepEqual(elements[2].attributes, { 'client-reference-id': 'session-1' });
});

test('a reference of the shop\'s own stays, and none is written twice', async () => {
  const elements = [
    link('https://buy.stripe.com/test_a?client_reference_id=order-7'),
    component({ 'client-reference-id': 'order-7' }),
    link('https://buy.stripe.com/test_b'),
  ];
  const { fire } = agreed({ elements });
  await settle();
  fire('load');

  assert.equal(elements[0].href, 'https://buy.stripe.com/test_a?client_reference_id=order-7');
  assert.deepEqual(elements[1].attributes, { 'client-reference-id': 'order-7' });
  assert.equal(elements[2].href, 'https://buy.stripe.com/test_b?client_reference_id=session-1');
});

test('what a script adds later is named before it is followed', async () => {
  const elements = [];
  const { fire } = agreed({ elements });
  await settle();
  elements.push(link('https://buy.stripe.com/test_late'));
  fire('pointerdown');

  assert.equal(elements[0].href, 'https://buy.stripe.com/test_late?client_reference_id=session-1');
});

test('without consent Stripe is told nothing', async () => {
  const elements = [link('https://buy.stripe.com/test_a')];
  const { fire } = openPage({ elements });
  await settle();
  fire('load');

  assert.equal(elements[0].href, 'https://buy.stripe.com/test_a');
});

const marked = (tagName, dataset) => {
  const element = { tagName, dataset };
  element.closest = () => element;
  return element;
};

test('an element that declares an event is heard when it is clicked, a form when it is sent', async () => {
  const { fire, told } = agreed();
  fire('click', { type: 'click', target: marked('A', { settledEvent: 'Contact' }) });
  const form = marked('FORM', { settledEvent: 'Lead', settledValue: '5', settledCurrency: 'EUR' });
  fire('click', { type: 'click', target: form });
  fire('submit', { type: 'submit', target: form });

  assert.deepEqual(told().slice(1).map((words) => words.slice(1, 3)), [
    ['Contact', {}],
    ['Lead', { value: '5', currency: 'EUR' }],
  ]);
});

test('a click on anything else is nothing, whatever was clicked', async () => {
  const { fire, told, warnings } = agreed();
  fire('click', { type: 'click', target: { closest: () => null } });

  assert.deepEqual([told().length, warnings], [1, []]);
});

test('a declared Purchase is none', async () => {
  const { fire, told } = agreed();
  fire('click', { type: 'click', target: marked('A', { settledEvent: 'Purchase' }) });

  assert.equal(told().length, 1);
});

test('who the visitor is goes, hashed, with the events that follow, to both channels', async () => {
  const opened = openPage({ said: [['identify', { email: ' Ada@Example.org ' }], ['consent', GRANTED]], dataset: { dataset: '123' } });
  await until(() => opened.requests.length);

  const [event] = opened.events();
  assert.match(event.user_data.em, /^[0-9a-f]{64}$/);
  assert.deepEqual(opened.pixel.find(([verb]) => verb === 'init'), ['init', '123', event.user_data]);
  assert.ok(!opened.requests[0].text.toLowerCase().includes('ada@'));
});

test('a Pixel whose number nobody named is not told who the visitor is', async () => {
  const opened = openPage({ said: [['identify', { email: 'ada@example.org' }], ['consent', GRANTED]] });
  await until(() => opened.requests.length);

  assert.deepEqual(opened.pixel.map(([verb]) => verb), ['consent', 'track']);
});

test('an identity that cannot be read holds nothing up', async () => {
  const opened = openPage({ said: [['identify'], ['consent', GRANTED]] });
  await until(() => opened.requests.length);

  assert.deepEqual(opened.names(), ['PageView']);
  assert.equal(opened.warnings.length, 1);
});
