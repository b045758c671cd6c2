"""Customers and their invoices."""

from django.conf import settings
from django.db import models


class Customer(models.Model):
    """A person who has bought something: where they live."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    street = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Invoice(models.Model):
    """It outlives its customer: by then it has neither their name nor a way to them."""

    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, blank=True)
    recipient = models.CharField(max_length=100, blank=True)
    number = models.CharField(max_length=20, unique=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    issued_on = models.DateField()

    def __str__(self) -> str:
        return self.number
