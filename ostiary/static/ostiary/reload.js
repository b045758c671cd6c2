// The answer to a form that was sent, such as with an error in it, is left and reloaded like any
// page: the browser asks for its address instead of for the form again.
history.replaceState(history.state, "", location.href);
