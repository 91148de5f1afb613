// Draws lines on a canvas, for the small charts of the pages (sparkline.js) and the live panel of the notebooks.

/** Size a canvas for the screen's pixel ratio, clear it, and return its 2D context in CSS pixels. */
export function penFor(canvas, width, height) {
  const scale = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.lineJoin = "round";
  return pen;
}

/** Split a line at its breaks: `points` are [x, y] or null. */
export function pieces(points) {
  const found = [[]];
  for (const point of points) point === null ? found.push([]) : found.at(-1).push(point);
  return found.filter((piece) => piece.length > 0);
}

/** Stroke one piece of a line; a single point becomes a dot. */
export function stroke(pen, piece) {
  const [x, y] = piece[0];
  pen.beginPath();
  pen.moveTo(x - 0.1, y);
  for (const [toX, toY] of piece) pen.lineTo(toX, toY);
  pen.stroke();
}
