// OAuth 2.0 Form Post Response Mode: the page sends itself; its button does so without scripts.
document.getElementById("form-post").submit();
