import test from 'ava';
import {driverCompliance} from '../support/driver-compliance.ts';
import {lacksMode, openPair} from '../support/webtransport-pair.ts';

const missing = await lacksMode('h3');

driverCompliance('WebTransport over HTTP/2', () => openPair('h2'));
if (missing === undefined) driverCompliance('WebTransport over HTTP/3', () => openPair('h3'));
else test.skip(`WebTransport over HTTP/3 (left out: ${missing})`, () => undefined);
