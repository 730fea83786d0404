/**
 * The process that draws. A frame takes a millisecond or two to compare with the last one and to write; in the
 * traders' own process that would be time in which no order is sent and no answer is taken, and it would be the
 * screen's latency that we measured.
 *
 * Gets a view for every frame, and ends when its parent lets go of it, for whatever reason.
 */

import { createLogUpdate } from 'log-update';
import { frame, type View } from './screen.ts';

const draw = createLogUpdate(process.stdout);

process.on('message', (view: View) => draw(frame(view, process.stdout.columns, process.stdout.rows)));
process.on('disconnect', () => draw.done());
// Ctrl-C goes to all processes of a terminal. It is the market that ends then, after a last frame.
process.on('SIGINT', () => {});
