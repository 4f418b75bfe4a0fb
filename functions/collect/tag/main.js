/**
 * The tag of a shop's pages, called by
 * `<script async src="https://shop.example/s/tag.js" data-dataset="…"></script>`.
 */

import { startTag } from './start.js';

const before = window.settled;
// A page that carries the script twice still has one visitor with one PageView.
if (!before?.isStarted) {
  try {
    window.settled = startTag(window, document.currentScript);
    window.settled.isStarted = true;
    before?.q?.forEach((words) => window.settled(...words));
  } catch (error) {
    console.warn('settled:', error);
  }
}
