// What is said before the tag has loaded waits here for it.
window.settled = window.settled || function () { (settled.q = settled.q || []).push(arguments); };
